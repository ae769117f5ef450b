using System.Text;
using Apm.Core.Counting;
using Apm.Core.Ports;
using Apm.Storage.Files;
using Apm.Storage.Log;

namespace Apm.Storage.Tests.Log;

/// <summary>
/// This assembly as a process: appends to a log until it is killed, and prints each record once it is acknowledged.
/// </summary>
static class AppendingProcess
{
    const int Senders = 4;

    static async Task<int> Main(string[] arguments)
    {
        var (folder, round) = (arguments[0], arguments[1]);
        using var log = new FilePayloadLog(folder, new PayloadLogSettings { SegmentBytes = 65_536 }, DiskFiles.Instance, new Counters());
        using var output = new StreamWriter(Console.OpenStandardOutput()) { AutoFlush = true };
        var gate = new Lock();
        await Task.WhenAll(Enumerable.Range(0, Senders).Select(sender => Task.Run(async () =>
        {
            for (var i = 0; ; i++)
            {
                var text = TextOf(round, sender, i);
                var position = await log.Append(default, Encoding.UTF8.GetBytes(text), _ => { });
                lock (gate) output.WriteLine($"{position.Number} {text[..text.IndexOf(' ', StringComparison.Ordinal)]}");
            }
        })));
        return 0;
    }

    /// <summary>Who wrote it, and some bytes of different length.</summary>
    public static string TextOf(string round, int sender, int number) => $"{round}.{sender}.{number} {new string('x', number * 37 % 2_000)}";
}
