using Apm.Core.Spans;

namespace Apm.Storage.Traces.Blocks;

/// <summary>Reads the tags of some spans of a block. Damaged ones are told of, and the spans have none.</summary>
/// <param name="places">The batch's spans.</param>
/// <param name="onLoaded">Told how many bytes of memory stay with the batch.</param>
sealed class BlockTags(BlockReader block, ReadShapes shapes, int[] shapeOf, SpanPlaces places, StringTable strings, Action<long>? onLoaded, Action<Exception>? onDamaged) : IStoredTags
{
    int _areStringsCounted;

    /// <inheritdoc/>
    public StoredTags ReadAll()
    {
        try
        {
            var columns = new TagColumnsReader(block, shapes, shapeOf, places, () => strings.Count);
            var (texts, numbers) = (columns.ReadTexts(), columns.ReadNumbers());
            CountStrings();
            onLoaded?.Invoke((texts.PoolCount * 8L) + (numbers.PoolCount * 12L) + (places.Count * 16L));
            return new StoredTags(texts, numbers);
        }
        catch (BlockDamagedException damage)
        {
            onDamaged?.Invoke(damage);
            return new StoredTags(None<int>(), None<double>());
        }
    }

    /// <inheritdoc/>
    public TagValues ReadKey(int key)
    {
        try
        {
            var columns = new TagColumnsReader(block, shapes, shapeOf, places, () => strings.Count);
            var texts = new int[places.Count];
            texts.AsSpan().Fill(-1);
            if (columns.ReadText(key, texts)) CountStrings();
            var numbers = new double[places.Count];
            return columns.ReadNumber(key, numbers) is { } hasNumber ? new TagValues(texts, numbers, hasNumber) : new TagValues(texts, [], []);
        }
        catch (BlockDamagedException damage)
        {
            onDamaged?.Invoke(damage);
            var none = new int[places.Count];
            none.AsSpan().Fill(-1);
            return new TagValues(none, [], []);
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<SpanTags> ReadSpans(ReadOnlySpan<int> spans)
    {
        var copies = new SpanTags[spans.Length];
        try
        {
            // Which strings the block has is not asked: those that are wanted are looked for instead of making a table of all.
            var columns = new TagColumnsReader(block, shapes, shapeOf, places.Some(spans), () => BlockFormat.MaxSectionBytes);
            var (texts, numbers) = (columns.ReadTexts(), columns.ReadNumbers());
            var baseCount = shapes.BaseStringCount;
            int[] values = [.. texts.Values.Where(value => value >= baseCount).Distinct().Order()];
            var valueTexts = BlockStrings.ReadSomeValues(block, values, baseCount);
            string TextOf(int value) => value < baseCount ? strings.Text(value) : valueTexts[Array.BinarySearch(values, value)];
            for (var i = 0; i < copies.Length; i++) copies[i] = SpanTags.Of(i, texts, numbers, strings.Text, TextOf);
        }
        catch (BlockDamagedException damage)
        {
            onDamaged?.Invoke(damage);
            copies.AsSpan().Fill(SpanTags.None);
        }
        return copies;
    }

    /// <summary>The texts of values stay with the batch once somebody looked at one.</summary>
    void CountStrings()
    {
        if (Interlocked.Exchange(ref _areStringsCounted, 1) == 0) onLoaded?.Invoke(strings.ByteCount + (strings.Count * 16L));
    }

    TagColumn<T> None<T>() => new(new int[places.Count], new int[places.Count], [], [], 0);
}
