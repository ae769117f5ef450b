using Apm.Core.Time;
using Apm.Endurance.Running;

namespace Apm.Endurance.Load;

/// <summary>
/// <c>soak --budget-mb 256 --times 5 --mode all,budget --keep-for 10m</c>: sends as fast as it goes until so many times the disk budget came in;
/// disk and memory must stay inside their ceilings the whole time, the ledger must sum, and each trace must have a fate.
/// </summary>
static class SoakCommand
{
    public static async Task<int> Run(Options options)
    {
        var (budgetMb, times, rate) = (options.Number("budget-mb", 256), options.Number("times", 5), options.Number("rate", 1_000_000));
        var (modes, keepFor) = (options.Text("mode", "all,budget"), options.Text("keep-for", "10m"));
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        var text = $"""
            # A disk budget filled {times} times

            `dotnet run -c Release --project tests/Endurance -- soak --budget-mb {budgetMb} --times {times} --mode {modes} --keep-for {keepFor}`, {TimeProvider.System.GetUtcNow():yyyy-MM-dd}: {Machine.Facts()}; the sender on the same machine, as fast as it goes.

            """;
        var isGood = true;
        foreach (var mode in modes.Split(','))
        {
            var result = await new SoakRun(mode, keepFor, budgetMb << 20, times, rate).Run(http);
            Console.Write(result.Table());
            text += result.Table();
            isGood &= !result.Faults().Any();
        }
        options.WriteResult("soak.md", text);
        return isGood ? 0 : 1;
    }
}
