using System.Threading.Channels;
using Apm.Core.Counting;
using Apm.Core.Limits;
using Apm.Core.Ports;
using Apm.Core.Services;
using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.TraceAgent.Account;
using Apm.TraceAgent.Aggregate;
using Apm.TraceAgent.Errors;
using Apm.TraceAgent.Intake;
using Apm.TraceAgent.Sample;
using Apm.TraceAgent.Write;

namespace Apm.TraceAgent;

/// <summary>
/// The way of every payload, whatever protocol brought it: sampling decides, then log, then statistics, then what is not kept is dropped, then the store.
/// <see cref="Accept"/> completes when the payload is on disk; what comes after happens on one loop, in the log's order.
/// </summary>
/// <remarks>Any thread may call <see cref="Accept"/>. Call <see cref="Start"/> once before, <see cref="StopAsync"/> once after.</remarks>
public sealed class TracePipeline : ISamplingReader, IAsyncDisposable
{
    readonly Channel<Work> _work = Channel.CreateUnbounded<Work>(new() { SingleReader = true });
    readonly PipelineParts _parts;
    readonly PipelineSettings _settings;
    readonly PayloadDecoder _decoder;
    readonly StatsAggregator _aggregator;
    readonly TraceSampler _sampler;
    readonly VerdictApplier _verdicts;
    readonly TraceWriter _writer;
    readonly ServiceSightings _sightings;
    readonly IssueBook _issues;
    readonly MemoryAccount _queueMemory;
    ITimer? _ticks;
    Task _loop = Task.CompletedTask;
    long _queuedWeight;

    /// <summary>What it works by.</summary>
    public PipelineSettings Settings => _settings;

    /// <summary>Takes up statistics where their last checkpoint left off.</summary>
    public TracePipeline(PipelineParts parts, PipelineSettings settings)
    {
        _parts = parts;
        _settings = settings;
        _decoder = new PayloadDecoder(parts.Counters, settings.Normalize, settings.Normalize.TemplatesEndpoints ? parts.Endpoints : null);
        var checkpoint = parts.Stats.ReadCheckpoint();
        _queueMemory = parts.Memory.OpenWork("queue");
        _aggregator = new StatsAggregator(parts.Clock, parts.Counters, checkpoint, parts.Memory, parts.Problems, settings.Counting);
        Books = new SpanLedger(parts.Clock, checkpoint?.Ledger);
        Ledger = new LiveLedgerReader(Books, parts.Stats);
        _sampler = new TraceSampler(settings.Sampler, parts.Traces, parts.Counters, parts.Problems, parts.Clock, parts.Memory);
        _verdicts = new VerdictApplier(settings.Sampler);
        var statistics = new LiveStatsReader(_aggregator, parts.Stats);
        _issues = new IssueBook(parts.Documents, parts.Catalogue, statistics, parts.Clock, parts.Counters, checkpoint?.Issues);
        _writer = new TraceWriter(parts, _aggregator, Books, _issues);
        _sightings = new ServiceSightings(parts.Catalogue, parts.Counters);
        Statistics = parts.Endpoints is { } endpoints ? new TemplatedStatsReader(statistics, endpoints) : statistics;
    }

    /// <summary>Statistics as they stand, open buckets included.</summary>
    public IStatsReader Statistics { get; }

    /// <summary>What errors were grouped into.</summary>
    public IErrorIssues Issues => _issues;

    /// <summary>What tracers are told to keep.</summary>
    public RatesAnswer Rates => _sampler.Rates;

    /// <inheritdoc/>
    public SamplingStatus Sampling() => _sampler.Status();

    /// <summary>What came in and what became of it, as it stands.</summary>
    public ILedgerReader Ledger { get; }

    /// <summary>Where receipts and refusals are entered.</summary>
    public SpanLedger Books { get; }

    /// <summary>Reads bodies; the same code reads the log again after a restart.</summary>
    public PayloadDecoder Decoder => _decoder;

    /// <summary>What payloads take from being decoded until the store has them.</summary>
    public MemoryAccount QueueMemory => _queueMemory;

    /// <summary>Replays what the log holds beyond the stores, then takes payloads.</summary>
    /// <returns>How many records were replayed.</returns>
    public int Start()
    {
        var from = LogPosition.Min(_parts.Traces.StoredUpTo, _aggregator.Covered);
        var replayed = 0;
        foreach (var record in _parts.Log.ReadAfter(from))
        {
            var payload = DecodeAgain(record);
            if (payload is null && record.Position > _aggregator.Covered) Books.DropUnread("log_record_unreadable");
            ProcessSafely(payload, payload?.Tally(), record.Position);
            replayed++;
        }
        _parts.Counters.Add("log_records_replayed", count: replayed);
        _loop = Task.Factory.StartNew(RunLoop, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();
        _ticks = _parts.Clock.CreateTimer(_ => _work.Writer.TryWrite(Work.Tick), null, _settings.TickEvery, _settings.TickEvery);
        return replayed;
    }

    /// <summary>Takes a decoded payload in. When the task completes, it is on disk and will be counted and stored, whatever happens.</summary>
    /// <param name="payload">From <see cref="Decoder"/>.</param>
    /// <param name="body">Its bytes as they came; must stay unchanged until the task completes.</param>
    /// <exception cref="OverloadedException">Too much waits already; nothing was kept. Retry later.</exception>
    /// <exception cref="StoreUnavailableException">The disk is full or fails, or the trace store is too far behind; nothing was kept. Retry later.</exception>
    public async Task Accept(DecodedPayload payload, ReadOnlyMemory<byte> body)
    {
        var weight = WeightOf(payload);
        LedgerTally? tally = null;
        var before = Interlocked.Add(ref _queuedWeight, weight) - weight;
        try
        {
            // A payload that is larger than the limit is taken when nothing else waits: refused each time, it could never arrive.
            if (before > 0 && before + weight > _settings.MaxQueuedSpans)
                throw new OverloadedException($"More than {_settings.MaxQueuedSpans} spans wait to be written; retry in a second.");
            if (_parts.Disk?.WhyClosed(body.Length) is { } closed) throw closed;
            if (_writer.SpansSinceGoodFlush > _settings.MaxUnwrittenSpans)
                throw new StoreUnavailableException(
                    $"More than {_settings.MaxUnwrittenSpans} spans wait in memory, because the trace store cannot be written: {_writer.LastProblem} Send this again later.");
            _sampler.Decide(payload.Batch, payload.Facts); // Before the log, which says what was decided: a replay does not decide again.
            var head = payload.Envelope with { Verdicts = VerdictRuns.Of(payload.Batch) };
            tally = payload.Tally();
            Books.BeginWaiting(tally);
            await _parts.Log.Append(head.ToBytes(), body, position => _work.Writer.TryWrite(new Work(payload, position, tally)));
        }
        catch (Exception problem)
        {
            Interlocked.Add(ref _queuedWeight, -weight);
            if (tally is not null) Books.EndWaiting(tally);
            if (payload.Batch.SpanCount > 0)
            {
                tally ??= payload.Tally();
                Books.Reject(tally, RefusalReasons.Of(problem));
                NoteFates(payload.Batch, tally, FateKind.Rejected, RefusalReasons.Of(problem));
            }
            else Books.RejectUnread(RefusalReasons.Of(problem)); // Statistics of a client.
            throw;
        }
    }

    /// <summary>Completes when everything accepted before the call is counted and searchable.</summary>
    public Task Settled()
    {
        var settled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!_work.Writer.TryWrite(new Work(null, default, null, settled))) settled.SetResult();
        return settled.Task;
    }

    /// <summary>Works off what was accepted, writes everything, and ends. Payloads offered afterwards wait in the log for the next start.</summary>
    public async Task StopAsync()
    {
        if (_ticks is not null) await _ticks.DisposeAsync();
        _ticks = null;
        _work.Writer.TryComplete();
        await _loop;
        _writer.WriteDue(everything: true);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await StopAsync();

    async Task RunLoop()
    {
        while (await _work.Reader.WaitToReadAsync())
        {
            while (_work.Reader.TryRead(out var work))
            {
                if (work.Payload is not null)
                {
                    var weight = WeightOf(work.Payload); // Before the sampler takes some out.
                    ProcessSafely(work.Payload, work.Tally, work.Position);
                    Books.EndWaiting(work.Tally!);
                    Interlocked.Add(ref _queuedWeight, -weight);
                    _queueMemory.Release(work.Payload.ReservedBytes);
                    _writer.WriteFullBlocks();
                }
                else if (work.Settled is not null) work.Settled.SetResult();
                else
                {
                    _sampler.Tick();
                    _writer.WriteDue(everything: false);
                }
            }
        }
    }

    /// <summary>A payload that no rule foresaw must not stop those behind it, now or when the log is replayed: it is counted, told, and left out.</summary>
    void ProcessSafely(DecodedPayload? payload, LedgerTally? tally, LogPosition position)
    {
        var isNew = position > _aggregator.Covered; // Else it was entered before the restart.
        try
        {
            Process(payload, tally, position);
            if (isNew && tally is not null) Books.Settle(tally);
        }
        catch (Exception problem)
        {
            _aggregator.Pass(position);
            if (isNew && tally is not null) Books.Drop(tally, "internal_fault");
            if (!isNew) _parts.Counters.Add("payloads_lost_in_replay"); // It was entered before the restart.
            _parts.Problems.Add("pipeline",
                $"A payload ({payload?.Envelope.Payload.Protocol}) that was accepted could not be processed, which is a fault of Apm: {problem.GetType().Name}: {problem.Message} It is left out; please report it.",
                _parts.Clock.NowUnixNanos());
        }
    }

    /// <summary>What a payload takes of the queue: its spans, or the groups of a client's statistics.</summary>
    static long WeightOf(DecodedPayload payload)
    {
        var weight = (long)payload.Batch.SpanCount;
        foreach (var bucket in payload.ClientStats) weight += bucket.Cells.Count;
        return weight;
    }

    /// <summary>The way of a payload after the log.</summary>
    void Process(DecodedPayload? payload, LedgerTally? tally, LogPosition position)
    {
        if (payload is null)
        {
            _aggregator.Pass(position);
            return;
        }
        var isNew = position > _aggregator.Covered; // Else it was counted before the restart.
        var errors = isNew ? _issues.Note(payload.Batch, payload.Facts, payload.Errors) : [];
        _aggregator.Add(payload.Batch, payload.Facts, position, payload.ClientStats, errors); // Before sampling: the numbers must not depend on what is kept.
        if (payload.Batch.SpanCount == 0)
        {
            _writer.Append(payload.Batch, position);
            return;
        }
        if (isNew) _sightings.Note(payload.Batch, payload.Facts);
        NoteFates(payload.Batch, tally!, FateKind.SampledOut, reason: null);
        _verdicts.Apply(payload.Batch, payload.Facts, tally!);
        _writer.Append(payload.Batch, position);
    }

    /// <summary>Remembers what becomes of the traces of a batch, and of what was rejected of it.</summary>
    /// <param name="reason">Of all chunks; null for those that sampling drops, each by its rule.</param>
    void NoteFates(SpanBatch batch, LedgerTally tally, FateKind kind, string? reason)
    {
        if (_parts.Fates is not { } fates) return;
        foreach (var chunk in batch.Chunks)
            if (reason is not null || !chunk.Verdict.IsKept()) fates.Note(batch.TraceIdOf(chunk.FirstSpan), kind, reason ?? chunk.Verdict.Word(), tally.ReceivedUnixNanos);
        NoteRejections(tally);
    }

    /// <summary>Remembers the traces of which something was rejected, as far as their ids are known.</summary>
    public void NoteRejections(LedgerTally tally)
    {
        if (_parts.Fates is not { } fates) return;
        foreach (var rejection in tally.Rejections)
            if (!rejection.TraceId.IsNone) fates.Note(rejection.TraceId, FateKind.Rejected, rejection.Reason, tally.ReceivedUnixNanos);
    }

    /// <summary>A record that no longer reads (written by a newer version) is counted and passed over; the rest must not wait for it.</summary>
    DecodedPayload? DecodeAgain(LogRecord record)
    {
        try
        {
            var envelope = PayloadEnvelope.Read(record.Bytes, out var body);
            var payload = _decoder.Decode(envelope, body.Span);
            if (!VerdictRuns.Restore(envelope.Verdicts, payload.Batch)) _parts.Counters.Add("log_verdicts_unusable");
            return payload;
        }
        catch (Exception problem)
        {
            _parts.Counters.Add("log_records_unreadable");
            _parts.Problems.Add("replay of the log", problem.Message, _parts.Clock.NowUnixNanos());
            return null;
        }
    }

    /// <summary>An entry of the loop's queue: a payload, somebody who waits, or (neither) a tick.</summary>
    readonly record struct Work(DecodedPayload? Payload, LogPosition Position, LedgerTally? Tally, TaskCompletionSource? Settled = null)
    {
        public static Work Tick => default;
    }
}
