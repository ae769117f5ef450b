using Apm.Core.Errors;
using Apm.Core.Spans;

namespace Apm.TraceAgent.Errors;

/// <summary>
/// Finds the errors of a batch that count. A failed span does not count when it only passes on what a child of the same service
/// says: it has the same issue as the child, or says nothing of its own.
/// </summary>
/// <remarks>Pure: the same batch gives the same errors. Runs on the request's thread. A batch without failed spans costs one look at its flags.</remarks>
public static class ErrorFinder
{
    /// <summary>The errors, in order of their spans.</summary>
    /// <param name="batch">Normalised.</param>
    public static IReadOnlyList<ErrorSighting> Find(SpanBatch batch)
    {
        var run = new Run(batch);
        for (var c = 0; c < batch.Chunks.Count; c++) run.AddChunk(c);
        return run.Found;
    }

    sealed class Run(SpanBatch batch)
    {
        readonly Dictionary<(int Service, int Name, int Resource, int Type, int Message, int Stack, int Status), ErrorFingerprint> _known = [];
        readonly List<(int Span, ErrorFingerprint Fingerprint, bool IsBare)> _failed = [];
        List<ErrorSighting>? _found;
        Keys? _keys;

        public IReadOnlyList<ErrorSighting> Found => _found ?? (IReadOnlyList<ErrorSighting>)[];

        public void AddChunk(int c)
        {
            var chunk = batch.Chunks[c];
            _failed.Clear();
            for (var i = chunk.FirstSpan; i < chunk.FirstSpan + chunk.SpanCount; i++)
            {
                if ((batch.Flags[i] & (SpanFlags.Error | SpanFlags.Partial)) != SpanFlags.Error) continue;
                var (fingerprint, isBare) = Read(i);
                _failed.Add((i, fingerprint, isBare));
            }
            if (_failed.Count == 0) return;
            var passing = _failed.Count == 1 ? [] : Passing();
            foreach (var (span, fingerprint, _) in _failed)
                if (!passing.Contains(span)) (_found ??= []).Add(new ErrorSighting(fingerprint, span, c));
        }

        HashSet<int> Passing()
        {
            var byId = new Dictionary<ulong, int>(_failed.Count);
            for (var f = 0; f < _failed.Count; f++) byId.TryAdd(batch.SpanIds[_failed[f].Span], f);
            var passing = new HashSet<int>();
            foreach (var (span, fingerprint, _) in _failed)
            {
                if (!byId.TryGetValue(batch.ParentIds[span], out var at)) continue;
                var parent = _failed[at];
                if (parent.Span == span || batch.Services[parent.Span] != batch.Services[span]) continue;
                if (parent.IsBare || parent.Fingerprint.Id == fingerprint.Id) passing.Add(parent.Span);
            }
            return passing;
        }

        (ErrorFingerprint, bool IsBare) Read(int span)
        {
            var keys = _keys ??= new Keys(batch.Strings);
            var (type, stack) = (Tag(span, keys.Type), Tag(span, keys.Stack));
            var message = Tag(span, keys.Message) is var newer and not 0 ? newer : Tag(span, keys.OlderMessage);
            var status = keys.Status.Of(batch, span);
            var key = (batch.Services[span], batch.Names[span], batch.Resources[span], type, message, stack, status);
            if (!_known.TryGetValue(key, out var fingerprint))
            {
                var strings = batch.Strings;
                _known.Add(key, fingerprint = ErrorFingerprint.Of(new ErrorFacts
                {
                    Service = strings.Text(batch.Services[span]),
                    Name = strings.Text(batch.Names[span]),
                    Resource = strings.Text(batch.Resources[span]),
                    Type = strings.Text(type),
                    Message = strings.Text(message),
                    Stack = strings.Text(stack),
                    HttpStatusCode = status,
                }));
            }
            return (fingerprint, type == 0 && message == 0 && stack == 0);
        }

        int Tag(int span, int key) => key >= 0 && batch.Tags.TryGet(span, key, out var value) ? value : 0;
    }

    sealed class Keys(StringTable strings)
    {
        public readonly int Type = strings.Find(TagNames.ErrorType);
        public readonly int Message = strings.Find(TagNames.ErrorMessage);
        public readonly int OlderMessage = strings.Find(TagNames.ErrorMsg);
        public readonly int Stack = strings.Find(TagNames.ErrorStack);
        public readonly HttpStatusKeys Status = new(strings);
    }
}
