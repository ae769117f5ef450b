using System.Globalization;
using System.Net;
using Apm.Core.Diagnosis;

namespace Apm.TraceAgent.Doctor.Witness;

/// <summary>
/// Asks the system which process holds a socket, who started whom, and what is in an environment. What it does not tell (another
/// user's process, no <c>/proc</c>) is an empty answer; a process that ends while being asked is one that is not there.
/// </summary>
/// <remarks>Thread-safe. Reads each time anew; looking for a socket's holder takes some milliseconds, so callers ask when something is wrong.</remarks>
public sealed class ProcessTable(string root = "/proc")
{
    /// <summary>Most characters of a command line in a sentence; default 80.</summary>
    public const int MaxHolderCommandChars = 80;

    /// <summary>Most processes looked at for the holder of a socket; default 4096. One further on is not found, and the answer says that nobody is.</summary>
    public const int MaxProcessesAsked = 4096;

    const string Listening = "0A", BoundUdp = "07";
    const int TicksPerSecond = 100; // USER_HZ, which Linux shows to programs whatever it uses itself.
    static readonly string[] Shells = ["sh", "bash", "zsh", "ash", "dash", "fish", "ksh"], Starters = ["init", "systemd", "supervisord", "runsvdir", "s6-svscan", "sshd", "sleep", "tail"];
    static readonly string[] TcpTables = ["tcp", "tcp6"], UdpTables = ["udp", "udp6"];

    /// <summary>Those who hold a listening TCP socket of the port; empty when nobody does, or the system does not tell.</summary>
    public IReadOnlyList<PortHolder> HoldersOf(int port) => Holders(Sockets(TcpTables, line => line.State == Listening && line.LocalPort == port));

    /// <summary>The same of several ports at once, each holder by its port.</summary>
    public ILookup<int, PortHolder> HoldersOf(IReadOnlySet<int> ports)
    {
        var portOf = Sockets(TcpTables, line => line.State == Listening && ports.Contains(line.LocalPort)).GroupBy(line => line.Inode, StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.First().LocalPort, StringComparer.Ordinal);
        if (portOf.Count == 0) return Array.Empty<PortHolder>().ToLookup(_ => 0);
        return AllProcesses().Take(MaxProcessesAsked)
            .SelectMany(id => InodesOf(id).Where(portOf.ContainsKey).Select(inode => portOf[inode]).Distinct().Select(port => (Port: port, Holder: Holder(id)))).ToLookup(pair => pair.Port, pair => pair.Holder);
    }

    /// <summary>Those who have bound a UDP port.</summary>
    public IReadOnlyList<PortHolder> UdpHoldersOf(int port) => Holders(Sockets(UdpTables, line => line.State == BoundUdp && line.LocalPort == port));

    /// <summary>The process at the other end of a connection of this machine.</summary>
    /// <param name="itsPort">The port at its end.</param>
    /// <param name="ourPort">The port at ours.</param>
    public PortHolder? SenderOf(int itsPort, int ourPort) => Holders(Sockets(TcpTables, line => line.LocalPort == itsPort && line.RemotePort == ourPort)) is [var sender, ..] ? sender : null;

    /// <summary>Where a process listens, as the system says: loopback and wildcard addresses only.</summary>
    public IReadOnlyList<IPEndPoint> ListenersOf(int processId)
    {
        var held = InodesOf(processId);
        return held.Count == 0 ? [] : [.. Sockets(TcpTables, line => line.State == Listening).Where(line => held.Contains(line.Inode) && IsOfThisMachine(line.Address)).Select(line => new IPEndPoint(line.Address, line.LocalPort)).Distinct()];
    }

    /// <summary>Whether a process of this machine runs; one of the same id that was started later is another.</summary>
    /// <param name="startedBeforeUnixSeconds">It must have been started by then; 0 for whenever.</param>
    /// <returns>Null when there is no such table.</returns>
    public bool? IsRunning(int processId, long startedBeforeUnixSeconds = 0)
    {
        if (!Directory.Exists(Path.Combine(root, "self"))) return null;
        if (Stat(processId) is not { } stat || stat.State == 'Z') return false;
        return startedBeforeUnixSeconds == 0 || StartedUnixSeconds(stat.StartTicks) is not (> 0 and var started) || started <= startedBeforeUnixSeconds + 5;
    }

    /// <summary>When the system started a process, in its own ticks since its boot; null when there is no such process, or no such table.</summary>
    public long? StartTicksOf(int processId) => Stat(processId) is { State: not 'Z' } stat ? stat.StartTicks : null;

    /// <summary>A process with all that it has started, parents first; empty when it is gone.</summary>
    public IReadOnlyList<FamilyMember> Family(int processId)
    {
        var parents = AllProcesses().Select(id => (Id: id, Stat: Stat(id))).Where(one => one.Stat is { State: not 'Z' }).ToDictionary(one => one.Id, one => one.Stat!.Value.ParentId);
        if (!parents.ContainsKey(processId)) return [];
        var ids = new List<int> { processId };
        for (var i = 0; i < ids.Count && ids.Count < LauncherFacts.MaxProcesses; i++) ids.AddRange(parents.Where(pair => pair.Value == ids[i] && !ids.Contains(pair.Key)).Select(pair => pair.Key).Order());
        var listening = Sockets(TcpTables, line => line.State == Listening).ToLookup(line => line.Inode, line => line.LocalPort, StringComparer.Ordinal);
        return [.. ids.Take(LauncherFacts.MaxProcesses).Select(id => Member(id, parents[id], listening))];
    }

    /// <summary>
    /// Whether a process is, or was started by, what a container was started with: the first process, unless that is a shell that somebody
    /// sits at, or one that starts whatever there is. What is started in a container later on descends from none of its processes.
    /// </summary>
    public bool IsMainProgram(int processId)
    {
        for (var (id, steps) = (processId, 0); steps < LauncherFacts.MaxProcesses; steps++)
        {
            if (id == 1) return CommandOf(1) is { Count: > 0 } first && !(Shells.Contains(Path.GetFileName(first[0]).TrimStart('-')) && first.Skip(1).All(word => word is "-l" or "-i" or "--login")) && !Starters.Contains(Path.GetFileName(first[0]));
            if (Stat(id) is not { ParentId: > 0 and var parent }) return false;
            id = parent;
        }
        return false;
    }

    /// <summary>Ids of a process, of those that it descends from, and of those that it has started.</summary>
    public IReadOnlySet<int> RelativesOf(int processId)
    {
        var relatives = Family(processId).Select(member => member.ProcessId).Append(processId).ToHashSet();
        for (var id = processId; Stat(id) is { ParentId: > 1 and var parent } && relatives.Count < LauncherFacts.MaxProcesses && relatives.Add(parent);) id = parent;
        return relatives;
    }

    /// <summary>The environment a process was started with; null when the system does not show it.</summary>
    public IReadOnlyDictionary<string, string>? EnvironmentOf(int processId) =>
        Text(processId, "environ") is not { } text ? null
        : text.Split('\0', StringSplitOptions.RemoveEmptyEntries).Select(entry => entry.Split('=', 2)).Where(pair => pair.Length == 2).GroupBy(pair => pair[0], StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.First()[1], StringComparer.Ordinal);

    /// <summary>The words of a process's command line; empty when it is gone.</summary>
    public IReadOnlyList<string> CommandOf(int processId) => Text(processId, "cmdline")?.TrimEnd('\0').Split('\0') ?? [];

    /// <summary>The program file of a process; "" when the system does not tell.</summary>
    public string ProgramOf(int processId) => Try(() => new FileInfo(Path.Combine(root, Name(processId), "exe")).LinkTarget) ?? "";

    /// <summary>Whether a process has .NET's runtime loaded; null when the system does not tell.</summary>
    public bool? RunsDotNet(int processId) => Text(processId, "maps") is { Length: > 0 } maps ? maps.Contains("libcoreclr", StringComparison.Ordinal) : null;

    FamilyMember Member(int id, int parent, ILookup<string, int> listening)
    {
        var environment = EnvironmentOf(id);
        var ports = InodesOf(id).SelectMany(inode => listening[inode]).Distinct().Order().Take(LauncherFacts.MaxPorts);
        return new FamilyMember(id, parent, SecretText.Command(CommandOf(id), LauncherFacts.MaxCommandChars), [.. ports])
        {
            // A Python has no use for what is injected into .NET, which its environment may have kept.
            HasInjection = environment is null ? null : environment.GetValueOrDefault("PYTHONPATH", "").Contains("apm_tracing", StringComparison.Ordinal) || (!Path.GetFileName(ProgramOf(id)).StartsWith("py", StringComparison.Ordinal) && environment.GetValueOrDefault("DOTNET_STARTUP_HOOKS", "").Contains("Apm.StartupHook", StringComparison.Ordinal)),
            IsReloaderChild = environment?.GetValueOrDefault("WERKZEUG_RUN_MAIN") == "true",
            AgeSeconds = Stat(id) is { } stat ? AgeSeconds(stat.StartTicks) : null,
        };
    }

    IReadOnlyList<PortHolder> Holders(IEnumerable<SocketLine> sockets)
    {
        var wanted = sockets.Select(line => line.Inode).ToHashSet(StringComparer.Ordinal);
        if (wanted.Count == 0) return [];
        return [.. AllProcesses().Take(MaxProcessesAsked).Where(id => InodesOf(id).Any(wanted.Contains)).Select(Holder)];
    }

    PortHolder Holder(int id) => new(id, SecretText.Command(CommandOf(id), MaxHolderCommandChars), Stat(id) is { } stat ? StartedUnixSeconds(stat.StartTicks) : 0);

    IEnumerable<int> AllProcesses() =>
        Try(() => Directory.EnumerateDirectories(root).Select(Path.GetFileName).ToList())?.Select(name => int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : 0).Where(id => id > 0) ?? [];

    /// <summary>Inodes of the sockets a process holds.</summary>
    HashSet<string> InodesOf(int processId)
    {
        var inodes = new HashSet<string>(StringComparer.Ordinal);
        foreach (var file in Try(() => Directory.GetFiles(Path.Combine(root, Name(processId), "fd"))) ?? [])
            if (Try(() => new FileInfo(file).LinkTarget) is { } target && target.StartsWith("socket:[", StringComparison.Ordinal)) inodes.Add(target[8..^1]);
        return inodes;
    }

    List<SocketLine> Sockets(string[] tables, Func<SocketLine, bool> isWanted)
    {
        var found = new List<SocketLine>();
        foreach (var table in tables)
            foreach (var line in Try(() => File.ReadAllLines(Path.Combine(root, "net", table))) ?? [])
                if (SocketLine.TryParse(line, out var socket) && isWanted(socket)) found.Add(socket);
        return found;
    }

    (char State, int ParentId, long StartTicks)? Stat(int processId)
    {
        // "123 (the name) S 1 …": the name may hold anything, also a bracket.
        var text = Text(processId, "stat");
        var end = text?.LastIndexOf(')') ?? -1;
        if (end < 0) return null;
        var words = text![(end + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return words.Length > 19 && int.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out var parent) && long.TryParse(words[19], NumberStyles.None, CultureInfo.InvariantCulture, out var ticks) ? (words[0][0], parent, ticks) : null;
    }

    /// <summary>By the system's own count, which no clock that is set has an effect on; null where that count is a container's, which is younger than what it counts.</summary>
    double? AgeSeconds(long startTicks) =>
        Try(() => File.ReadAllText(Path.Combine(root, "uptime")))?.Split(' ') is [var up, ..] && double.TryParse(up, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) && seconds - (startTicks / (double)TicksPerSecond) is >= 0 and var age ? age : null;

    /// <summary>0 when the system does not tell when it was started itself.</summary>
    long StartedUnixSeconds(long ticks)
    {
        var line = Try(() => File.ReadLines(Path.Combine(root, "stat")).FirstOrDefault(line => line.StartsWith("btime ", StringComparison.Ordinal)));
        return line is not null && long.TryParse(line.AsSpan(6), NumberStyles.None, CultureInfo.InvariantCulture, out var booted) ? booted + ticks / TicksPerSecond : 0;
    }

    string? Text(int processId, string file) => Try(() => File.ReadAllText(Path.Combine(root, Name(processId), file)));

    static string Name(int processId) => processId.ToString(CultureInfo.InvariantCulture);

    static bool IsOfThisMachine(IPAddress address) => IPAddress.IsLoopback(address) || address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    /// <summary>Null where the system does not tell, or the process has ended meanwhile.</summary>
    static T? Try<T>(Func<T> read) where T : class?
    {
        try
        {
            return read();
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>A line of <c>/proc/net/tcp</c> and its sisters.</summary>
    readonly record struct SocketLine(IPAddress Address, int LocalPort, int RemotePort, string State, string Inode)
    {
        public static bool TryParse(string line, out SocketLine socket)
        {
            socket = default;
            var columns = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (columns.Length < 10 || columns[1].Split(':') is not [var address, var port] || columns[2].Split(':') is not [_, var remotePort]) return false;
            if (!int.TryParse(port, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var local) || !int.TryParse(remotePort, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var remote) || ReadAddress(address) is not { } ip) return false;
            socket = new SocketLine(ip, local, remote, columns[3], columns[9]);
            return true;
        }

        /// <summary>Groups of four bytes, each in the order of the machine: little-endian on all that .NET runs on.</summary>
        static IPAddress? ReadAddress(string hex)
        {
            if (hex.Length is not (8 or 32) || !hex.All(char.IsAsciiHexDigit)) return null;
            var bytes = Convert.FromHexString(hex);
            for (var at = 0; at < bytes.Length; at += 4) bytes.AsSpan(at, 4).Reverse();
            var address = new IPAddress(bytes);
            return address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        }
    }
}
