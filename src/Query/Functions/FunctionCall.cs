using Apm.Query.Frames;
using Apm.Query.Language;

namespace Apm.Query.Functions;

/// <summary>A function with its arguments, over the buckets that are wanted.</summary>
/// <remarks>The arguments were checked by <see cref="FunctionArguments"/>.</remarks>
public sealed class FunctionCall(CallNode node, FunctionArguments arguments, TimeGrid grid, IFrameSource source)
{
    public CallNode Node { get; } = node;

    /// <summary>The buckets that are wanted. A result may have more behind them, or wider ones.</summary>
    public TimeGrid Grid { get; } = grid;

    public IFrameSource Source { get; } = source;

    /// <summary>The query of a parameter over the wanted buckets.</summary>
    public SeriesFrame Query(string parameter = "query") => Query(Grid, parameter);

    /// <summary>The query of a parameter over other buckets.</summary>
    public SeriesFrame Query(TimeGrid grid, string parameter = "query")
    {
        Source.Cancel.ThrowIfCancellationRequested();
        return Source.Evaluate(((NodeArgument)arguments.Of(parameter)!).Node, grid);
    }

    /// <summary>Whether the parameter was given tag keys or, if it may be left out, nothing.</summary>
    public bool HasKeys(string parameter) => arguments.Of(parameter) is null or KeysArgument;

    public IReadOnlyList<string> Keys(string parameter) => arguments.Of(parameter) is KeysArgument keys ? keys.Keys : [];

    public double Number(string parameter) => arguments.Number(parameter);

    public string Text(string parameter) => arguments.Text(parameter);

    /// <summary>A duration in whole seconds.</summary>
    public long Seconds(string parameter) => arguments.Seconds(parameter);

    /// <summary>Whether a text is <c>true</c>.</summary>
    public bool IsTrue(string parameter) => arguments.Text(parameter) == "true";
}
