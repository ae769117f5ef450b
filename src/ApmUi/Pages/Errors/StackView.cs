using Apm.Core.Errors;

namespace Apm.ApmUi.Pages.Errors;

/// <summary>A stack as it is shown: own frames, and runs of library frames folded.</summary>
public sealed record StackView(IReadOnlyList<StackRun> Runs)
{
    /// <summary>The error is in the first frame. A run of a single library frame is not worth folding.</summary>
    public static StackView Of(string stack)
    {
        var runs = new List<StackRun>();
        foreach (var frame in StackText.Read(stack))
        {
            if (runs.Count > 0 && runs[^1].IsLibrary == frame.IsLibrary) runs[^1] = runs[^1] with { Frames = [.. runs[^1].Frames, frame] };
            else runs.Add(new StackRun(frame.IsLibrary, [frame]));
        }
        return new StackView(runs);
    }
}

/// <summary>Frames next to each other that are all own, or all of libraries.</summary>
public sealed record StackRun(bool IsLibrary, IReadOnlyList<StackFrame> Frames)
{
    public bool IsFolded => IsLibrary && Frames.Count > 1;
}
