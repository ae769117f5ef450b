using System.CommandLine;
using Apm.Cli.Commands;

var root = new RootCommand("Apm: distributed tracing that tells you why. `apm up` runs it; `apm run -- CMD` traces a command.")
{
    UpCommand.Make(),
    RunCommand.Make(),
    StatusCommand.Make(),
};
return await root.Parse(args).InvokeAsync();
