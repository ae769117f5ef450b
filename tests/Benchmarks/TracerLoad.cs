using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace Apm.Benchmarks;

/// <summary>Sends the same request over kept connections, one thread each, and reads little: the app should be what is busy.</summary>
static class TracerLoad
{
    /// <returns>How many were answered.</returns>
    /// <exception cref="InvalidOperationException">An answer was not 200.</exception>
    public static long Send(Uri address, int senders, TimeSpan duration)
    {
        var clock = Stopwatch.StartNew();
        var total = 0L;
        Exception? failure = null;
        var threads = Enumerable.Range(0, senders).Select(_ => new Thread(() =>
        {
            try
            {
                Interlocked.Add(ref total, Send(address, clock, duration));
            }
            catch (Exception problem)
            {
                failure = problem;
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        return failure is null ? total : throw new InvalidOperationException($"{address} was not answered as it should be.", failure);
    }

    static long Send(Uri address, Stopwatch clock, TimeSpan duration)
    {
        var request = Encoding.ASCII.GetBytes($"GET {address.AbsolutePath} HTTP/1.1\r\nHost: {address.Authority}\r\nUser-Agent: benchmark\r\n\r\n");
        var answer = new byte[4096];
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Connect(address.Host, address.Port);
        var count = 0L;
        for (; clock.Elapsed < duration; count++)
        {
            socket.Send(request);
            var length = 0;
            do
            {
                length += socket.Receive(answer.AsSpan(length));
            }
            while (!answer.AsSpan(0, length).EndsWith("0\r\n\r\n"u8)); // The empty chunk, which may come on its own.
            if (!answer.AsSpan(0, length).StartsWith("HTTP/1.1 200"u8)) throw new InvalidOperationException(Encoding.ASCII.GetString(answer, 0, length));
        }
        return count;
    }
}

/// <summary>Where processes run; all threads of them, which only the system's own command does.</summary>
static class Cores
{
    static readonly string s_all = $"0-{Environment.ProcessorCount - 1}", s_butFirst = $"1-{Math.Max(1, Environment.ProcessorCount - 1)}";

    /// <summary>The app has the first core alone, as far as we can tell; the agent and this process have the others.</summary>
    public static void Separate(Process app, Process agent) => Put((app.Id, "0"), (agent.Id, s_butFirst), (Environment.ProcessId, s_butFirst));

    /// <summary>All on all cores.</summary>
    public static void Share(Process app, Process agent) => Put((app.Id, s_all), (agent.Id, s_all), (Environment.ProcessId, s_all));

    static void Put(params ReadOnlySpan<(int ProcessId, string Cores)> places)
    {
        foreach (var (processId, cores) in places)
        {
            var start = new ProcessStartInfo("taskset") { RedirectStandardOutput = true };
            foreach (var argument in new[] { "-acp", cores, processId.ToString(System.Globalization.CultureInfo.InvariantCulture) }) start.ArgumentList.Add(argument);
            using var process = Process.Start(start)!;
            process.StandardOutput.ReadToEnd();
            process.WaitForExit();
        }
    }
}
