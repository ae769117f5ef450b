namespace Apm.StartupHook.Settings;

/// <summary>
/// What the hook says, on stderr, one line each. Silent unless <c>DD_TRACE_DEBUG</c>; stdout belongs to the app.
/// </summary>
internal static class HookLog
{
    static int s_problemCount;

    /// <summary>Whether details are told.</summary>
    public static bool IsDebug { get; set; }

    /// <summary>Failures inside the hook that the app did not notice.</summary>
    public static int ProblemCount => Volatile.Read(ref s_problemCount);

    /// <summary>Something the user must know.</summary>
    public static void Say(string line)
    {
        try
        {
            Console.Error.WriteLine("apm: " + line);
        }
        catch (Exception)
        {
            // stderr is closed; there is nobody to tell.
        }
    }

    /// <summary>A detail.</summary>
    public static void Debug(string line)
    {
        if (IsDebug) Say(line);
    }

    /// <summary>A failure of ours that was caught: counted, and told when details are asked for.</summary>
    public static void Problem(string what, Exception problem)
    {
        Interlocked.Increment(ref s_problemCount);
        Debug($"{what} failed: {problem}");
    }
}
