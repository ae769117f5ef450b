namespace Apm.TraceAgent.Intake;

/// <summary>Takes DogStatsD lines, whatever brought them (metrics-monitors §2).</summary>
public interface IDogStatsDIntake
{
    /// <summary>Takes the lines of a packet. Never throws for what stands in them: a line that cannot be used is counted and told, the others count. Any thread.</summary>
    /// <param name="packet">Lines with <c>\n</c> between; nothing of it is kept after the call.</param>
    /// <param name="transport">What it counts as: <c>udp</c>, <c>unixgram</c>, <c>unixstream</c>, <c>http</c>.</param>
    void Take(ReadOnlySpan<byte> packet, string transport);
}
