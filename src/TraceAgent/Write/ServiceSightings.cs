using System.Runtime.InteropServices;
using Apm.Core.Counting;
using Apm.Core.Services;
using Apm.Core.Spans;
using Apm.TraceAgent.Normalize;

namespace Apm.TraceAgent.Write;

/// <summary>Tells the catalogue which services and processes a batch spoke of, once per batch.</summary>
public sealed class ServiceSightings(ServiceCatalogue catalogue, Counters counters)
{
    /// <summary>Notes the services of top-level spans and of each chunk's root, and the processes that sent the chunks.</summary>
    public void Note(SpanBatch batch, ReadOnlySpan<ChunkFacts> facts)
    {
        var services = new HashSet<(int Service, int Type, int Env, int Version, int Payload, bool IsEntry)>();
        // By service, the last that was seen of it: hashing all of it costs as much as counting the span, and a service's spans are mostly alike.
        var lastOfServices = new Dictionary<int, (int Type, int Env, int Version, int Payload, bool IsEntry)>();
        var processes = new Dictionary<int, (ChunkFacts Facts, Payload Payload, int Service, int SpanCount)>();
        for (var c = 0; c < facts.Length; c++)
        {
            var chunk = batch.Chunks[c];
            for (var i = chunk.FirstSpan; i < chunk.FirstSpan + chunk.SpanCount; i++)
            {
                if ((batch.Flags[i] & SpanFlags.TopLevel) == 0 && i != facts[c].RootSpan) continue; // Of each chunk one: no service stays unknown.
                var service = batch.Services[i];
                var isEntry = service == batch.Services[facts[c].RootSpan];
                var seen = (Type: batch.Types[i], facts[c].Env, Version: isEntry ? facts[c].Version : 0, chunk.Payload, isEntry);
                ref var last = ref CollectionsMarshal.GetValueRefOrAddDefault(lastOfServices, service, out var isKnown);
                if (isKnown && last == seen) continue;
                last = seen;
                services.Add((service, seen.Type, seen.Env, seen.Version, seen.Payload, isEntry));
            }
            if (facts[c].RuntimeId == 0) continue;
            var known = processes.GetValueOrDefault(facts[c].RuntimeId);
            processes[facts[c].RuntimeId] = (facts[c], batch.Payloads[chunk.Payload], batch.Services[facts[c].RootSpan], known.SpanCount + chunk.SpanCount);
        }
        foreach (var seen in services) NoteService(batch, seen.Service, seen.Type, seen.Env, seen.Version, batch.Payloads[seen.Payload], seen.IsEntry);
        foreach (var (runtimeId, seen) in processes) NoteProcess(batch, runtimeId, seen.Facts, seen.Payload, seen.Service, seen.SpanCount);
    }

    void NoteService(SpanBatch batch, int service, int type, int env, int version, Payload payload, bool isEntry)
    {
        var strings = batch.Strings;
        var entered = catalogue.Saw(new ServiceSighting(
            strings.Text(service), strings.Text(type), isEntry ? LanguageNames.Common(payload.Language) : "",
            strings.Text(env), strings.Text(version), payload.ReceivedUnixNanos));
        if (!entered) counters.Add("services_over_limit");
    }

    void NoteProcess(SpanBatch batch, int runtimeId, ChunkFacts facts, Payload payload, int service, int spanCount)
    {
        var strings = batch.Strings;
        catalogue.SawProcess(strings.Text(runtimeId), payload.ReceivedUnixNanos, process => process with
        {
            Service = process.Service.Length > 0 ? process.Service : strings.Text(service),
            Env = process.Env.Length > 0 ? process.Env : strings.Text(facts.Env),
            Version = process.Version.Length > 0 ? process.Version : strings.Text(facts.Version),
            Language = process.Language.Length > 0 ? process.Language : LanguageNames.Common(payload.Language),
            LanguageVersion = process.LanguageVersion.Length > 0 ? process.LanguageVersion : payload.LanguageVersion,
            TracerVersion = process.TracerVersion.Length > 0 ? process.TracerVersion : payload.TracerVersion,
            ProcessId = process.ProcessId != 0 ? process.ProcessId : facts.ProcessId,
            Hostname = process.Hostname.Length > 0 ? process.Hostname : strings.Text(facts.Hostname),
            SpanCount = process.SpanCount + spanCount,
            HasEnded = false,
        });
    }
}

/// <summary>One spelling for each language: tracers write <c>.NET</c>, <c>dotnet</c>, <c>nodejs</c>, <c>javascript</c> …</summary>
public static class LanguageNames
{
    /// <summary>Lower case, Datadog's and OpenTelemetry's spellings joined; others pass.</summary>
    public static string Common(string language) => language.ToLowerInvariant() switch
    {
        ".net" or "dotnet" or "csharp" => "dotnet",
        "nodejs" or "javascript" or "node" or "js" => "nodejs",
        "jvm" or "java" => "java",
        "cpython" or "python" => "python",
        var other => other,
    };
}
