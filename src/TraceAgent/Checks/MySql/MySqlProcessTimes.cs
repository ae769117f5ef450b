using System.Globalization;

namespace Apm.TraceAgent.Checks.MySql;

/// <summary>
/// CPU time of a server on this host, in percent of one core: the kernel counts its time, and the rate of a hundred times the seconds is that percentage.
/// The process is known by the server's pid file; when that cannot be read, by its name, if only one has it.
/// </summary>
static class MySqlProcessTimes
{
    const double TicksPerSecond = 100; // USER_HZ: what Linux shows in /proc, whatever the kernel counts in.

    public static void Collect(MySqlRun run, string proc)
    {
        if (!IsLocal(run.Settings) || ProcessId(run.Values.TextOf("pid_file"), run.Values.TextOf("datadir"), proc) is not { } pid || Ticks(proc, pid) is not var (user, kernel)) return;
        Send("mysql.performance.user_time", user);
        Send("mysql.performance.kernel_time", kernel);
        Send("mysql.performance.cpu_time", user + kernel);

        void Send(string metric, double ticks) => run.Output.Submit(CheckMetricKind.Rate, metric, ticks / TicksPerSecond * 100, run.Settings.Tags);
    }

    static bool IsLocal(MySqlCheckSettings settings) => settings.Socket is not null || settings.Host is "localhost" or "127.0.0.1" or "::1" or "0.0.0.0";

    internal static int? ProcessId(string? pidFile, string? dataFolder, string proc)
    {
        if (pidFile is { Length: > 0 })
        {
            var path = Path.IsPathRooted(pidFile) || dataFolder is null ? pidFile : Path.Combine(dataFolder, pidFile);
            if (int.TryParse(Read(path)?.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) && IsServer(proc, pid)) return pid;
        }
        try
        {
            var named = Directory.EnumerateDirectories(proc).Select(Path.GetFileName)
                .Where(name => int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var pid) && IsServer(proc, pid)).Take(2).ToList();
            return named.Count == 1 ? int.Parse(named[0]!, CultureInfo.InvariantCulture) : null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null; // A system without /proc: no CPU times.
        }
    }

    static bool IsServer(string proc, int pid) => Read($"{proc}/{pid}/comm")?.Trim() is "mysqld" or "mariadbd";

    /// <summary>Time in user and in kernel mode; they are the 14th and 15th of the line, and the 2nd, the name in brackets, may hold blanks.</summary>
    internal static (double User, double Kernel)? Ticks(string proc, int pid)
    {
        if (Read($"{proc}/{pid}/stat") is not { } line || line.LastIndexOf(')') is not (>= 0 and var end)) return null;
        var fields = line[(end + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length > 12 && MySqlValues.Number(fields[11]) is { } user && MySqlValues.Number(fields[12]) is { } kernel ? (user, kernel) : null;
    }

    static string? Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null; // Not ours to read, or gone meanwhile.
        }
    }
}
