using System.CommandLine;
using Apm.Cli.Commands;

var root = new RootCommand("Apm: distributed tracing that tells you why. `apm up` runs it; `apm run -- CMD` traces a command.")
{
    UpCommand.Make(),
    RunCommand.Make(),
    StatusCommand.Make(),
    CheckCommand.Make(),
    WhyCommand.Make(),
    DoctorCommand.Make(),
    QueryCommand.Make(),
    MonitorCommand.Make(),
    ConfigCommand.Make(),
    KeysCommand.Make(),
    ApplyCommand.Make(),
    ExportCommand.Make(),
};
var command = root.Parse(args);
return await command.InvokeAsync(new InvocationConfiguration
{
    // The launcher passes signals on and ends when the app does, however long that takes. `up` may need a moment to write what it holds.
    ProcessTerminationTimeout = command.CommandResult.Command.Name == RunCommand.Name ? null : TimeSpan.FromSeconds(30),
});
