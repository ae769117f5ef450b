using Apm.Core.Spans;

namespace Apm.Wire.Datadog;

/// <summary>
/// What v0.7 and v1.0 say once for all their spans (trace-intake §1.12, §1.13), given to the spans as the other versions have it, so that a search finds them by it.
/// </summary>
static class PayloadFacts
{
    /// <summary>
    /// Host and runtime id to every span, the version to those of the chunk's first service: a database that it calls has another. What a span says itself stays.
    /// </summary>
    public static void AddTo(SpanBatch batch, int firstChunk, Payload payload)
    {
        var strings = batch.Strings;
        var (version, host, runtimeId) = (strings.Intern(payload.AppVersion), strings.Intern(payload.Hostname), strings.Intern(payload.RuntimeId));
        if (version == 0 && host == 0 && runtimeId == 0) return;
        var (versionKey, hostKey, runtimeKey) = (strings.Intern(TagNames.Version), strings.Intern(TagNames.Hostname), strings.Intern(TagNames.RuntimeId));
        for (var c = firstChunk; c < batch.Chunks.Count; c++)
        {
            var chunk = batch.Chunks[c];
            for (var i = chunk.FirstSpan; i < chunk.FirstSpan + chunk.SpanCount; i++)
            {
                AddMissing(i, hostKey, host);
                AddMissing(i, runtimeKey, runtimeId);
                if (batch.Services[i] == batch.Services[chunk.FirstSpan]) AddMissing(i, versionKey, version);
            }
        }

        void AddMissing(int span, int key, int value)
        {
            if (value != 0 && !batch.Tags.TryGet(span, key, out _)) batch.Tags.Set(span, key, value);
        }
    }
}
