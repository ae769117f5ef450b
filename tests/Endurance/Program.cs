using Apm.Endurance;
using Apm.Endurance.Crash;
using Apm.Endurance.Fuzz;
using Apm.Endurance.Healthy;
using Apm.Endurance.Load;

// `dotnet run -c Release --project tests/Endurance -- NAME [--option value]…`. What takes too long for `./apm test`.
var commands = new Dictionary<string, Func<Options, Task<int>>>(StringComparer.Ordinal)
{
    ["fuzz"] = FuzzCommand.Run,
    ["crash"] = CrashCommand.Run,
    ["crash-metrics"] = MetricCrashCommand.Run,
    ["hour"] = HourCommand.Run,
    ["healthy"] = HealthyCommand.Run,
    ["soak"] = SoakCommand.Run,
};

if (args.Length > 0 && commands.TryGetValue(args[0], out var run)) return await run(new Options(args[1..]));
Console.Error.WriteLine($"Name one of: {string.Join(", ", commands.Keys)}. tests/Endurance/README.md says what each does.");
return 2;
