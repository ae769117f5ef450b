using System.Text.RegularExpressions;

namespace Apm.TraceAgent.Checks.HostMetrics;

/// <summary><c>system.net.*</c>: what goes through each interface, what TCP and UDP had trouble with, and, when wanted, how many connections are in which state.</summary>
sealed class NetworkCheck : ICheck
{
    /// <summary>A metric, the file and line that has it, and its name there.</summary>
    static readonly (string Metric, string Protocol, string Field)[] Protocols =
    [
        ("tcp.retrans_segs", "Tcp", "RetransSegs"), ("tcp.in_segs", "Tcp", "InSegs"), ("tcp.out_segs", "Tcp", "OutSegs"),
        ("tcp.listen_overflows", "TcpExt", "ListenOverflows"), ("tcp.listen_drops", "TcpExt", "ListenDrops"), ("tcp.backlog_drops", "TcpExt", "TCPBacklogDrop"), ("tcp.failed_retransmits", "TcpExt", "TCPRetransFail"),
        ("udp.in_datagrams", "Udp", "InDatagrams"), ("udp.no_ports", "Udp", "NoPorts"), ("udp.in_errors", "Udp", "InErrors"), ("udp.out_datagrams", "Udp", "OutDatagrams"),
        ("udp.rcv_buf_errors", "Udp", "RcvbufErrors"), ("udp.snd_buf_errors", "Udp", "SndbufErrors"), ("udp.in_csum_errors", "Udp", "InCsumErrors"),
    ];

    /// <summary>How lines begin that have something of it; the others are most of the two files.</summary>
    static readonly string[] WantedLines = [.. Protocols.Select(wanted => wanted.Protocol + ":").Distinct()];

    static readonly HashSet<(string Protocol, string Field)> WantedFields = [.. Protocols.Select(wanted => (wanted.Protocol, wanted.Field))];

    readonly HostFiles _files;
    readonly IReadOnlyList<string> _excluded;
    readonly Regex? _excludedPattern;
    readonly bool _countsStates;

    public NetworkCheck(HostFiles files, CheckSettings settings)
    {
        _files = files;
        _excluded = settings.Instance.GetValueOrDefault("excluded_interfaces") is IEnumerable<object?> names ? [.. names.OfType<string>()] : ["lo", "lo0"];
        _excludedPattern = settings.Instance.GetValueOrDefault("excluded_interface_re") is string { Length: > 0 } pattern ? PatternOf(pattern) : null;
        _countsStates = settings.Instance.GetValueOrDefault("collect_connection_state") is true or 1L;
    }

    public Task RunAsync(ICheckOutput output, CancellationToken cancel)
    {
        SubmitInterfaces(_files.Read("net/dev"), output);
        SubmitProtocols((_files.TryRead("net/snmp") ?? "") + "\n" + (_files.TryRead("net/netstat") ?? ""), output);
        if (!_countsStates) return Task.CompletedTask;
        foreach (var (file, name) in new[] { ("tcp", "tcp4"), ("tcp6", "tcp6") }) if (_files.TryRead($"net/{file}") is { } table) SubmitStates(table, name, output);
        foreach (var (file, name) in new[] { ("udp", "udp4"), ("udp6", "udp6") }) if (_files.TryRead($"net/{file}") is { } table) output.Gauge($"system.net.{name}.connections", ProcText.Lines(table).Skip(1).Count());
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>
    /// Reads <code>
    /// Inter-| Receive …
    ///  face | bytes packets errs drop fifo frame compressed multicast | bytes packets errs drop …
    ///   eth0: numbers
    /// </code>
    /// </summary>
    internal void SubmitInterfaces(string text, ICheckOutput output)
    {
        foreach (var line in ProcText.Lines(text))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            var name = colon < 0 ? "" : line[..colon].Trim();
            if (name.Length == 0 || IsExcluded(name)) continue;
            var words = ProcText.Words(line[(colon + 1)..]);
            if (words.Length < 12) continue;
            string[] tags = [$"device:{name}", $"device_name:{name}"];
            void Rate(string metric, int place) => output.Submit(CheckMetricKind.Rate, $"system.net.{metric}", ProcText.Number(words[place]), tags);
            Rate("bytes_rcvd", 0);
            Rate("packets_in.count", 1);
            Rate("packets_in.error", 2);
            Rate("packets_in.drop", 3);
            Rate("bytes_sent", 8);
            Rate("packets_out.count", 9);
            Rate("packets_out.error", 10);
            Rate("packets_out.drop", 11);
        }
    }

    /// <summary>Reads pairs of lines, the first with names and the second with numbers, both after <c>Protocol:</c>.</summary>
    internal static void SubmitProtocols(string text, ICheckOutput output)
    {
        var values = new Dictionary<(string Protocol, string Field), double>();
        string[]? names = null;
        foreach (var words in ProcText.Lines(text).Where(line => WantedLines.Any(wanted => line.StartsWith(wanted, StringComparison.Ordinal))).Select(ProcText.Words))
        {
            if (names is null || names[0] != words[0])
            {
                names = words;
                continue;
            }
            var protocol = words[0].TrimEnd(':');
            for (var i = 1; i < Math.Min(names.Length, words.Length); i++)
                if (WantedFields.Contains((protocol, names[i]))) values[(protocol, names[i])] = ProcText.Number(words[i]);
            names = null;
        }
        foreach (var (metric, of, field) in Protocols)
        {
            if (!values.TryGetValue((of, field), out var value)) continue;
            output.Submit(CheckMetricKind.Rate, $"system.net.{metric}", value, []);
            output.Submit(CheckMetricKind.MonotonicCount, $"system.net.{metric}.count", value, []);
        }
    }

    /// <summary>Counts by the hexadecimal state in the fourth column.</summary>
    internal static void SubmitStates(string table, string protocol, ICheckOutput output)
    {
        var counts = ProcText.Lines(table).Skip(1).Select(ProcText.Words).Where(words => words.Length > 3).GroupBy(words => StateOf(words[3])).ToDictionary(group => group.Key, group => group.Count());
        foreach (var state in new[] { "established", "opening", "closing", "time_wait", "listening" }) output.Gauge($"system.net.{protocol}.{state}", counts.GetValueOrDefault(state));
    }

    static string StateOf(string hex) => hex switch
    {
        "01" => "established",
        "02" or "03" or "0C" => "opening",
        "06" => "time_wait",
        "0A" => "listening",
        _ => "closing",
    };

    bool IsExcluded(string name) => _excluded.Contains(name) || (_excludedPattern?.IsMatch(name) ?? false);

    static Regex PatternOf(string pattern)
    {
        try
        {
            return new Regex(pattern, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);
        }
        catch (Exception problem) when (problem is ArgumentException or NotSupportedException)
        {
            throw new CheckFailedException($"excluded_interface_re: \"{pattern}\" cannot be used as a pattern: {problem.Message}", problem);
        }
    }
}
