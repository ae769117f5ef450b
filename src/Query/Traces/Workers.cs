namespace Apm.Query.Traces;

/// <summary>
/// Does pieces of work on all processors and gives their results in order. Its threads are its own, not the pool's, which take in what is
/// sent meanwhile; they live as long as one enumeration.
/// </summary>
static class Workers
{
    /// <summary>Results of <paramref name="work"/> in the order of the items, with a few worked on ahead of who enumerates. Ending early waits for what is being done.</summary>
    /// <returns>The first item whose result was not given yet (default at the end), and a result.</returns>
    public static IEnumerable<(T? Next, TResult Result)> Run<T, TResult>(IEnumerable<T> items, Func<T, TResult> work) where T : class
    {
        using var all = items.GetEnumerator();
        if (!all.MoveNext()) yield break;
        var first = all.Current;
        if (!all.MoveNext())
        {
            yield return (null, work(first)); // One piece needs no thread.
            yield break;
        }
        var pieces = new Queue<Piece<T, TResult>>();
        using var waiting = new System.Collections.Concurrent.BlockingCollection<Piece<T, TResult>>();
        void Add(T item)
        {
            var piece = new Piece<T, TResult>(item);
            pieces.Enqueue(piece);
            waiting.Add(piece);
        }
        Add(first);
        Add(all.Current);
        var hasMore = true;
        var threads = Enumerable.Range(0, Environment.ProcessorCount).Select(_ => Task.Factory.StartNew(() =>
        {
            foreach (var piece in waiting.GetConsumingEnumerable()) piece.Do(work);
        }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)).ToArray();
        try
        {
            while (true)
            {
                while (hasMore && pieces.Count < Environment.ProcessorCount * 2)
                {
                    hasMore = all.MoveNext();
                    if (hasMore) Add(all.Current);
                }
                if (!pieces.TryDequeue(out var oldest)) yield break;
                var result = oldest.Result;
                yield return (pieces.TryPeek(out var next) ? next.Item : null, result);
            }
        }
        finally
        {
            while (waiting.TryTake(out _))
            {
            }
            waiting.CompleteAdding();
            Task.WaitAll(threads);
        }
    }

    sealed class Piece<T, TResult>(T item)
    {
        readonly TaskCompletionSource<TResult> _result = new();

        public T Item => item;

        /// <summary>Waits for it; throws what the work threw.</summary>
        public TResult Result => _result.Task.GetAwaiter().GetResult();

        public void Do(Func<T, TResult> work)
        {
            try
            {
                _result.SetResult(work(item));
            }
#pragma warning disable CA1031 // Whoever waits for the result gets it.
            catch (Exception failure)
#pragma warning restore CA1031
            {
                _result.SetException(failure);
            }
        }
    }
}
