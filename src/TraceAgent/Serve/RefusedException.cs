namespace Apm.TraceAgent.Serve;

/// <summary>A request cannot be answered as it stands. The message is a sentence for who sent it: where, what, what to do next.</summary>
/// <param name="message">The sentence.</param>
/// <param name="status">HTTP status; 400 when a parameter is wrong, 404 when what is asked for is not there.</param>
sealed class RefusedException(string message, int status = 400) : Exception(message)
{
    public int Status { get; } = status;
}
