using Apm.StartupHook;

/// <summary>
/// What the runtime calls before the app's <c>Main</c> when <c>DOTNET_STARTUP_HOOKS</c> names this assembly.
/// The name and the missing namespace are demanded by the runtime.
/// </summary>
internal static class StartupHook
{
    /// <summary>Begins tracing this process, unless it is a tool or is told not to. Never throws, never waits.</summary>
    public static void Initialize()
    {
        try
        {
            HookStart.Begin(Environment.GetEnvironmentVariable);
        }
        catch (Exception problem)
        {
            // An exception here would end the app before it began.
            try
            {
                Console.Error.WriteLine($"apm: this process is not traced, the start-up hook failed: {problem.GetType().Name}: {problem.Message}");
            }
            catch (Exception)
            {
                // No stderr either; the app matters more.
            }
        }
    }
}
