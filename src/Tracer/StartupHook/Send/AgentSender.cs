using System.Globalization;
using System.Net.Sockets;
using Apm.StartupHook.Settings;

namespace Apm.StartupHook.Send;

/// <summary>
/// The background thread that carries spans and reports to the agent. The app never waits for it, except at its end,
/// and then at most <see cref="ExitWait"/>.
/// </summary>
/// <remarks>
/// A payload that does not get through is tried <see cref="MaxAttempts"/> times, with growing pauses, and then dropped and
/// counted; meanwhile the queue fills up to its limit.
/// </remarks>
internal sealed class AgentSender : IDisposable
{
    /// <summary>How long the end of the process waits for the last spans to be sent.</summary>
    public static readonly TimeSpan ExitWait = TimeSpan.FromSeconds(1);

    /// <summary>How often one payload is tried: over about half a minute, in which an agent can be started again.</summary>
    public const int MaxAttempts = 10;

    /// <summary>Most reports that wait for an agent; the oldest gives way.</summary>
    public const int MaxWaitingReports = 16;

    static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    readonly SpanQueue _queue;
    readonly DropCounter _drops;
    readonly TimeProvider _clock;
    readonly TimeSpan _interval;
    readonly AgentConnection _connection;
    readonly ChunkAssembler _assembler;
    readonly PayloadBuilder _payloads = new();
    readonly Queue<AgentReport> _reports = new();
    readonly string _traceHeaders;
    readonly Thread _thread;
    Action? _first;
    Payload? _current;
    int _attempts;
    int _failuresInRow;
    long _lastFailure;
    volatile bool _isEnding;

    /// <param name="settings">Address, interval, time-out.</param>
    /// <param name="queue">Where spans come from.</param>
    /// <param name="drops">Counts what is lost.</param>
    /// <param name="clock">For pauses and ages.</param>
    public AgentSender(HookSettings settings, SpanQueue queue, DropCounter drops, TimeProvider clock)
    {
        _queue = queue;
        _drops = drops;
        _clock = clock;
        _interval = settings.FlushInterval;
        _connection = new AgentConnection(settings.AgentUrl, settings.AgentTimeout);
        _assembler = new ChunkAssembler(clock);
        _traceHeaders =
            "Content-Type: application/msgpack\r\n" +
            "Datadog-Meta-Lang: .NET\r\n" +
            $"Datadog-Meta-Lang-Version: {Environment.Version}\r\n" +
            "Datadog-Meta-Lang-Interpreter: .NET\r\n" +
            $"Datadog-Meta-Tracer-Version: {HookSettings.TracerVersion}\r\n" +
            "Datadog-Client-Computed-Top-Level: 1\r\n";
        _thread = new Thread(Run) { IsBackground = true, Name = "apm sender" };
    }

    /// <summary>Called on the sender's thread before each round, to add reports that are due.</summary>
    public Action? BeforeRound { get; set; }

    /// <summary>Spans that the agent has taken.</summary>
    public long SentSpans { get; private set; }

    /// <summary>Starts the thread.</summary>
    /// <param name="first">Done on the thread before its first round.</param>
    public void Start(Action first)
    {
        _first = first;
        _thread.Start();
    }

    /// <summary>Adds a report. Thread-safe; sent in order with the next round.</summary>
    public void Report(AgentReport report)
    {
        lock (_reports)
        {
            if (_reports.Count == MaxWaitingReports) _reports.Dequeue();
            _reports.Enqueue(report);
        }
    }

    /// <summary>Does a round now instead of at its time.</summary>
    public void Hurry() => _queue.Wake.Set();

    /// <summary>Sends what is left and ends; waits at most <see cref="ExitWait"/>.</summary>
    public void End()
    {
        _isEnding = true;
        Hurry();
        if (_thread.IsAlive) _thread.Join(ExitWait);
    }

    /// <inheritdoc/>
    public void Dispose() => End();

    void Run()
    {
        try
        {
            _first?.Invoke();
            while (!_isEnding)
            {
                Round();
                _queue.Wake.WaitOne(_interval);
            }
            Round();
            _connection.Dispose();
        }
        catch (Exception problem)
        {
            // A background thread that throws would end the app.
            HookLog.Problem("sending", problem);
        }
    }

    void Round()
    {
        BeforeRound?.Invoke();
        var isEnding = _isEnding;
        if (!isEnding && IsPausing()) return; // What comes meanwhile waits in the queue, which is bounded.
        if (!SendReports()) return;

        // The queue is emptied once a round, not again after each answer: under load that would be payload after payload of a few
        // spans each, and each costs the agent a flush of its log. When much gathers meanwhile the queue wakes us at once.
        var mayTake = true;
        while (true)
        {
            if (_current is null && !_payloads.TryTake(out _current))
            {
                if (!mayTake) return;
                mayTake = isEnding; // At the end until nothing comes any more.
                _assembler.Add(_queue.Take(), _payloads);
                if (isEnding) _assembler.FlushAll(_payloads);
                else _assembler.FlushOld(_payloads);
                if (!_payloads.TryTake(out _current)) return;
                _attempts = 0;
            }
            if (!SendCurrent()) return;
        }
    }

    bool IsPausing()
    {
        if (_failuresInRow == 0) return false;
        var pause = TimeSpan.FromMilliseconds(100 << Math.Min(_failuresInRow, 6));
        return _clock.GetElapsedTime(_lastFailure) < (pause < LongestPause ? pause : LongestPause);
    }

    bool SendCurrent()
    {
        var payload = _current!;
        var headers = string.Create(CultureInfo.InvariantCulture, $"{_traceHeaders}X-Datadog-Trace-Count: {payload.ChunkCount}\r\n");
        var status = TryPost("/v0.4/traces", headers, payload.Body.Span);
        if (status is >= 200 and < 300)
        {
            SentSpans += payload.SpanCount;
            Forget();
            return true;
        }
        if (status is >= 400 and < 500 and not 408 and not 429)
        {
            // Sending the same bytes again would be answered the same way.
            HookLog.Debug($"the agent refused {payload.SpanCount} spans with status {status}");
            _drops.Add(DropReason.AgentRefused, payload.SpanCount);
            Forget();
            return true;
        }
        if (++_attempts < MaxAttempts && !_isEnding) return false;
        _drops.Add(DropReason.AgentUnreachable, payload.SpanCount);
        Forget();
        return false;
    }

    void Forget()
    {
        if (_current is not null) _payloads.Recycle(_current);
        _current = null;
        _attempts = 0;
    }

    bool SendReports()
    {
        while (true)
        {
            AgentReport? report;
            lock (_reports)
                if (!_reports.TryPeek(out report)) return true;
            var status = TryPost(report.Path, report.Headers, report.Body);
            if (status == 0) return false; // An answer, whatever it says, is the end of a report: spans must not wait behind it.
            lock (_reports)
                if (_reports.TryPeek(out var first) && ReferenceEquals(first, report)) _reports.Dequeue();
        }
    }

    // 0 when nothing came back.
    int TryPost(string path, string headers, ReadOnlySpan<byte> body)
    {
        try
        {
            var status = _connection.Post(path, headers, body);
            if (status >= 500) Fail($"status {status}");
            else _failuresInRow = 0;
            return status;
        }
        catch (Exception problem) when (problem is SocketException or IOException or ObjectDisposedException)
        {
            Fail(problem.Message);
            return 0;
        }
    }

    void Fail(string why)
    {
        _failuresInRow = Math.Min(_failuresInRow + 1, 1_000_000);
        _lastFailure = _clock.GetTimestamp();
        HookLog.Debug($"the agent does not take what is sent: {why}");
    }
}

/// <summary>A body for another path of the agent.</summary>
/// <param name="Path">Path with its leading slash.</param>
/// <param name="Headers">Header lines, each ended by CR LF.</param>
/// <param name="Body">The bytes.</param>
internal sealed record AgentReport(string Path, string Headers, byte[] Body);
