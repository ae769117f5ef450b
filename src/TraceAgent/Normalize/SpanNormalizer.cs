using System.Buffers.Text;
using System.Globalization;
using Apm.Core.Counting;
using Apm.Core.Endpoints;
using Apm.Core.Spans;
using Apm.TraceAgent.Filter;
using Apm.Core.Ids;
using Apm.TraceAgent.Account;
using Apm.TraceAgent.Obfuscate;

namespace Apm.TraceAgent.Normalize;

/// <summary>
/// Repairs a batch by the rules of the Datadog agent (trace-intake §2): names, limits, times; drops chunks that cannot
/// be meant; joins the halves of 128-bit ids; hides values (<see cref="Obfuscator"/>); finds each chunk's environment; marks top-level and measured spans.
/// Every repair and every drop is counted with its reason.
/// </summary>
/// <remarks>
/// Thread-safe: it has no state but counters. The same batch normalised again would not change. What "now" is comes
/// from the payload's time of receipt, so that a replay of the log gives the same spans.
/// </remarks>
/// <param name="counters">Told each repair and each drop.</param>
/// <param name="settings">The rules.</param>
/// <param name="endpoints">Gives paths their template; null leaves them as they come.</param>
public sealed class SpanNormalizer(Counters counters, NormalizeSettings settings, EndpointNames? endpoints = null)
{
    /// <summary>2000-01-01T00:00Z: a start before it is taken for a wrong unit (trace-intake §2.2 rule 13).</summary>
    public const long EarliestStartUnixNanos = 946_684_800_000_000_000;

    readonly Obfuscator _obfuscator = new(settings.Obfuscation);
    readonly ChunkFilter _filter = new(settings.Filters);

    /// <summary>Normalises in place.</summary>
    /// <param name="rejections">Takes in which chunks were dropped, and why.</param>
    /// <returns>Per chunk that is left, what statistics need of it; same order as <see cref="SpanBatch.Chunks"/>.</returns>
    public ChunkFacts[] Normalize(SpanBatch batch, ICollection<SpanRejection>? rejections = null)
    {
        var run = new NormalizeRun(batch, settings, _obfuscator, _filter);
        var facts = new List<ChunkFacts>(batch.Chunks.Count);
        var keep = new bool[batch.Chunks.Count];
        var droppedAny = false;
        for (var c = 0; c < keep.Length; c++)
        {
            var chunk = batch.Chunks[c];
            var reason = run.WhyDropped(chunk);
            keep[c] = reason is null;
            if (reason is not null)
            {
                droppedAny = true;
                if (chunk.SpanCount == 0) counters.Add("chunks_empty");
                else rejections?.Add(new SpanRejection(NameRules.ServiceText(batch.Strings.Text(batch.Services[chunk.FirstSpan])), reason, chunk.SpanCount, batch.TraceIdOf(chunk.FirstSpan)));
                continue;
            }
            if (run.TryNormalizeChunk(c, out var chunkFacts) is { } filtered)
            {
                keep[c] = false;
                droppedAny = true;
                if (rejections is not null) AddFiltered(batch, batch.Chunks[c], filtered, rejections);
            }
            else facts.Add(chunkFacts);
        }
        run.ReportRepairs(counters);
        if (droppedAny) batch.KeepChunks(keep);
        if (endpoints is not null) EndpointRun.Apply(batch, endpoints); // Last: rules of replacement come before, statistics and store behind.
        return [.. facts];
    }

    /// <summary>Each span under its own service: what a rule of the user left out was good, and its services are known.</summary>
    static void AddFiltered(SpanBatch batch, Chunk chunk, string reason, ICollection<SpanRejection> rejections)
    {
        for (var i = chunk.FirstSpan; i < chunk.FirstSpan + chunk.SpanCount;)
        {
            var from = i;
            while (i < chunk.FirstSpan + chunk.SpanCount && batch.Services[i] == batch.Services[from]) i++;
            rejections.Add(new SpanRejection(batch.Strings.Text(batch.Services[from]), reason, i - from, batch.TraceIdOf(from)));
        }
    }
}

/// <summary>Settings of normalisation.</summary>
public sealed record NormalizeSettings
{
    /// <summary>Environment of spans that name none; default <c>none</c> (Datadog <c>apm_config.env</c>).</summary>
    public string DefaultEnv { get; init; } = "none";

    /// <summary>What <see cref="MaxResourceBytes"/> is at least with the Datadog feature <c>big_resource</c>.</summary>
    public const int BigResourceBytes = 15_000;

    /// <summary>Longest resource in bytes; default 5000. A longer one is cut and counted.</summary>
    public int MaxResourceBytes { get; init; } = 5_000;

    /// <summary>Longest tag key in bytes; a longer one is cut, ends in <c>...</c> and is counted.</summary>
    public int MaxTagKeyBytes { get; init; } = 200;

    /// <summary>Longest tag value in bytes; a longer one is cut, ends in <c>...</c> and is counted.</summary>
    public int MaxTagValueBytes { get; init; } = 25_000;

    /// <summary>What is hidden in statements, commands, URLs and tags; by default as the Datadog agent does.</summary>
    public ObfuscationSettings Obfuscation { get; init; } = new();

    /// <summary>The tag <c>component</c> is the operation name; default false. Datadog: feature <c>component2name</c>.</summary>
    public bool ComponentIsName { get; init; }

    /// <summary>Paths in resources of web spans without a route become templates (docs/endpoints.md); default true.</summary>
    public bool TemplatesEndpoints { get; init; } = true;

    /// <summary>Which chunks are left out; by default none.</summary>
    public FilterSettings Filters { get; init; } = new();
}

/// <summary>What normalisation learnt of a chunk that its spans do not show.</summary>
/// <param name="RootSpan">Index of the chunk's root in the batch.</param>
/// <param name="Env">Index of the chunk's environment.</param>
/// <param name="Version">Index of the chunk's application version; 0 when unknown.</param>
/// <param name="Hostname">Index of the host; 0 when unknown.</param>
/// <param name="RuntimeId">Index of the process's runtime id; 0 when unknown.</param>
/// <param name="Priority">Sampling priority; <see cref="Chunk.NoPriority"/> when none was given.</param>
/// <param name="ProcessId">0 when unknown.</param>
public readonly record struct ChunkFacts(int RootSpan, int Env, int Version, int Hostname, int RuntimeId, int Priority, int ProcessId);
