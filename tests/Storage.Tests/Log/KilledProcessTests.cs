using System.Diagnostics;
using System.Globalization;
using System.Text;
using Apm.Core.Counting;
using Apm.Core.Ports;
using Apm.Storage.Files;
using Apm.Storage.Log;

namespace Apm.Storage.Tests.Log;

public sealed class KilledProcessTests
{
    /// <summary>A process on a real disk, killed at random again and again: all that it acknowledged is there, in order, once.</summary>
    [Fact]
    public void What_a_killed_process_acknowledged_is_in_the_log()
    {
        var folder = Directory.CreateTempSubdirectory("apm-killed-");
        var random = new Random(7);
        var acknowledged = new SortedDictionary<long, string>();
        try
        {
            for (var round = 0; round < 6; round++) AppendUntilKilled(folder.FullName, round, random.Next(1, 400), acknowledged);

            var counters = new Counters();
            using var log = new FilePayloadLog(folder.FullName, new PayloadLogSettings(), DiskFiles.Instance, counters);
            var found = log.ReadAfter(LogPosition.Start)
                .Select(record => (record.Position.Number, Text: Encoding.UTF8.GetString(record.Bytes.Span))).ToList();
            Assert.Equal(Enumerable.Range(1, found.Count).Select(number => (long)number), found.Select(record => record.Number));
            Assert.Equal(found.Count, found.Select(record => record.Text).Distinct().Count());
            Assert.All(found, record => Assert.Equal(WholeText(record.Text), record.Text));
            Assert.All(acknowledged, record => Assert.StartsWith(record.Value + " ", found[(int)record.Key - 1].Text, StringComparison.Ordinal));
            Assert.Equal(0, counters.Read("log_segments_damaged"));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    static void AppendUntilKilled(string folder, int round, int afterLines, SortedDictionary<long, string> acknowledged)
    {
        using var process = Process.Start(new ProcessStartInfo(Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet")
        {
            ArgumentList = { "exec", typeof(AppendingProcess).Assembly.Location, folder, round.ToString(CultureInfo.InvariantCulture) },
            RedirectStandardOutput = true,
        })!;
        var lines = 0;
        for (; process.StandardOutput.ReadLine() is { } line; lines++)
        {
            if (lines == afterLines) process.Kill();
            var parts = line.Split(' ');
            acknowledged.Add(long.Parse(parts[0], CultureInfo.InvariantCulture), parts[1]); // A number that came twice would throw.
        }
        process.WaitForExit();
        Assert.True(lines > afterLines, "The process must run until it is killed.");
    }

    static string WholeText(string text)
    {
        var parts = text[..text.IndexOf(' ', StringComparison.Ordinal)].Split('.');
        return AppendingProcess.TextOf(parts[0], int.Parse(parts[1], CultureInfo.InvariantCulture), int.Parse(parts[2], CultureInfo.InvariantCulture));
    }
}
