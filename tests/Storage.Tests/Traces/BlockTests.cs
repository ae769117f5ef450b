using Apm.Core.Ids;
using Apm.Core.Ports;
using Apm.Core.Spans;
using Apm.Storage.Files;
using Apm.Storage.Traces.Blocks;
using Apm.TestKit;

namespace Apm.Storage.Tests.Traces;

public sealed class BlockTests : IDisposable
{
    const long T0 = 1_767_225_600_000_000_000;
    readonly string _path = Path.Combine(Path.GetTempPath(), $"apm-block-{Guid.NewGuid():N}");

    public void Dispose() => File.Delete(_path);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public void Whatever_is_written_is_read_back(int seed)
    {
        var chance = new Random(seed);
        using var encoder = new BlockEncoder();
        for (var round = 0; round < 25; round++)
        {
            var batches = Enumerable.Range(0, chance.Next(1, 5)).Select(_ => SpanBatches.Random(chance, chance.Next(1, 200), T0)).ToArray();
            var block = WriteAndOpen(encoder, batches);
            var read = block.ReadAll();

            Assert.Equal(SpanBatches.Describe(batches.SelectMany(SpanBatches.Spans)), SpanBatches.Describe(SpanBatches.Spans(read)));
        }
    }

    [Theory]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(9)]
    public void One_tag_read_alone_is_what_it_is_among_the_others(int seed)
    {
        var chance = new Random(seed);
        using var encoder = new BlockEncoder();
        for (var round = 0; round < 25; round++)
        {
            var block = WriteAndOpen(encoder, SpanBatches.Random(chance, chance.Next(1, 200), T0));
            var (alone, whole) = (block.ReadAll(), block.ReadAll());
            var _ = whole.Tags;
            Assert.Null(whole.ReadTag(0)); // They are in memory.

            for (var key = 0; key < alone.Strings.Count; key++)
            {
                var tag = alone.ReadTag(key);
                Assert.NotNull(tag);
                for (var span = 0; span < alone.SpanCount; span++)
                {
                    Assert.Equal(whole.Tags.TryGet(span, key, out var text), tag.TryText(span, out var ownText));
                    if (ownText >= 0) Assert.Equal(text, ownText);
                    Assert.Equal(whole.Numbers.TryGet(span, key, out var number), tag.TryNumber(span, out var ownNumber));
                    Assert.Equal(number, ownNumber);
                }
            }
        }
    }

    [Fact]
    public void Single_traces_are_read_by_their_places()
    {
        using var encoder = new BlockEncoder();
        var block = WriteAndOpen(encoder, SpanBatches.Of(Plain(2, 20, T0), Plain(1, 10, T0), Plain(5, 50, T0)));

        using var columns = new BlockColumns(block);
        Assert.Empty(columns.TracesOf(new HashSet<ulong> { 3, 7 }));
        var traces = columns.TracesOf(new HashSet<ulong> { 1, 7, 5 });
        var batch = columns.ReadSpans(columns.SpansOf(traces), null, damage => Assert.Fail(damage.Message));
        Assert.Equal<ulong>([10, 50], [.. batch.SpanIds.AsSpan(0, batch.SpanCount).ToArray().Order()]);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(11)]
    public void A_span_copied_out_alone_is_what_it_is_among_the_others(int seed)
    {
        var chance = new Random(seed);
        using var encoder = new BlockEncoder();
        for (var round = 0; round < 25; round++)
        {
            var block = WriteAndOpen(encoder, SpanBatches.Random(chance, chance.Next(1, 200), T0));
            var (alone, whole) = (block.ReadAll(), block.ReadAll());
            var _ = whole.Tags;
            for (var span = 0; span < whole.SpanCount; span++) Assert.Equal(SpanBatches.Describe([whole.SpanAt(span)]), SpanBatches.Describe(alone.SpansAt([span])));
            Assert.NotNull(alone.ReadTag(0)); // Still not all in memory.
        }
    }

    [Theory]
    [InlineData(12)]
    [InlineData(13)]
    public void Spans_that_lasted_so_long_are_read_alone_as_they_are_among_the_others(int seed)
    {
        var chance = new Random(seed);
        using var encoder = new BlockEncoder();
        for (var round = 0; round < 25; round++)
        {
            var block = WriteAndOpen(encoder, SpanBatches.Random(chance, chance.Next(1, 80), T0));
            var spans = SpanBatches.Spans(block.ReadAll()).ToList();
            foreach (var service in spans.Select(span => span.Service).Distinct().Append("nobody").Append(null))
            {
                var bounds = new DurationBounds(spans[chance.Next(spans.Count)].DurationNanos, spans[chance.Next(spans.Count)].DurationNanos);
                var scan = new SpanScan { MinDurationNanos = bounds.MinNanos, MaxDurationNanos = bounds.MaxNanos, Service = service, ErrorsOnly = chance.Next(3) == 0 };
                var wanted = spans.Where(span => (service is null || span.Service == service) && bounds.Hold(span.DurationNanos) && (span.IsError || !scan.ErrorsOnly)).ToList();
                using var columns = new BlockColumns(block);
                var places = columns.PlacesOf(scan);
                if (places.Length == 0)
                {
                    Assert.Empty(wanted);
                    continue;
                }
                var few = columns.ReadSpans(SpanPlaces.Of(places), null, damage => Assert.Fail(damage.Message));
                int[] some = [.. Enumerable.Range(0, few.SpanCount).Where(_ => chance.Next(2) == 0)];

                Assert.Equal(SpanBatches.Describe(some.Select(span => wanted[span])), some.Length == 0 ? [] : SpanBatches.Describe(few.SpansAt(some)));
                var again = columns.ReadSpans(SpanPlaces.Of(places), null, damage => Assert.Fail(damage.Message));
                for (var key = 0; key < again.Strings.Count; key++)
                {
                    if (again.ReadTag(key) is not { } tag) continue;
                    for (var span = 0; span < again.SpanCount; span++)
                    {
                        Assert.Equal(few.Tags.TryGet(span, key, out var text), tag.TryText(span, out var ownText));
                        if (ownText >= 0) Assert.Equal(text, ownText);
                        Assert.Equal(few.Numbers.TryGet(span, key, out var number), tag.TryNumber(span, out var ownNumber));
                        Assert.Equal(number, ownNumber);
                    }
                }
                Assert.Equal(SpanBatches.Describe(wanted), SpanBatches.Describe(SpanBatches.Spans(few)));
            }
        }
    }

    [Theory]
    [InlineData(17)]
    [InlineData(18)]
    public void A_block_says_how_long_the_spans_of_each_service_lasted(int seed)
    {
        var chance = new Random(seed);
        using var encoder = new BlockEncoder();
        for (var round = 0; round < 25; round++)
        {
            var block = WriteAndOpen(encoder, SpanBatches.Random(chance, chance.Next(2, 80), T0));
            var services = block.Header.Info.Services!;
            var byService = SpanBatches.Spans(block.ReadAll()).ToLookup(span => span.Service, span => span.DurationNanos);
            IEnumerable<DurationBounds> expected = services.Count > 1 ? services.Select(service => new DurationBounds(byService[service].Min(), byService[service].Max())) : [];
            Assert.Equal(expected, block.ReadServiceDurations());
        }
    }

    /// <summary>As blocks of before, which have no such part; its kind's number stands in the header where the part's checksum does.</summary>
    [Fact]
    public void A_block_that_does_not_say_how_long_its_services_lasted_is_read_all_the_same()
    {
        using var encoder = new BlockEncoder();
        var block = Encode(encoder, SpanBatches.Of(Plain(1, 1, T0) with { Service = "web" }, Plain(2, 2, T0) with { Service = "db" }));
        var bytes = block.ToArray();
        var part = Assert.Single(BlockHeader.Read(bytes).Sections, section => section.Kind == SectionKind.ServiceDurations);
        var header = bytes.AsSpan(BlockFormat.PrefixBytes, block.Info.HeaderBytes - BlockFormat.PrefixBytes);
        var checksum = header.IndexOf(BitConverter.GetBytes(part.Checksum));
        header[header[..checksum].LastIndexOf((byte)SectionKind.ServiceDurations)] = 99;
        SignAgain(bytes, block.Info.HeaderBytes, part);
        using var file = Write(bytes);

        var reader = new BlockReader(file, 0, block.Info.HeaderBytes);
        Assert.Equal(2, reader.ReadAll().SpanCount);
        Assert.Empty(reader.ReadServiceDurations());
    }

    [Theory]
    [InlineData(15)]
    [InlineData(16)]
    public void A_text_that_is_in_a_block_is_never_denied(int seed)
    {
        var chance = new Random(seed);
        using var encoder = new BlockEncoder();
        for (var round = 0; round < 10; round++)
        {
            var block = WriteAndOpen(encoder, SpanBatches.Random(chance, chance.Next(1, 100), T0));
            foreach (var span in SpanBatches.Spans(block.ReadAll()))
            {
                Assert.True(block.MayHoldTexts([span.Service, span.Resource]));
                Assert.True(block.MayHoldTexts(span.Tags.Values));
            }
            Assert.False(block.MayHoldTexts(["", "a text that is nowhere"]));
        }
    }

    [Fact]
    public void Numbers_of_any_length_are_read_back_wherever_they_stand()
    {
        var chance = new Random(14);
        for (var round = 0; round < 2_000; round++)
        {
            var values = Enumerable.Range(0, chance.Next(1, 12)).Select(_ => unchecked((ulong)chance.NextInt64()) >> chance.Next(1, 64)).Append(ulong.MaxValue).ToArray();
            var writer = new ByteWriter();
            foreach (var value in values) writer.Varint(value);
            var reader = new ByteReader(writer.Written);
            foreach (var value in values) Assert.Equal(value, reader.Varint());
            Assert.Equal(0, reader.Left);
        }
        Assert.Throws<BlockDamagedException>(() => new ByteReader([0x80, 0x80]).Varint());
        Assert.Throws<BlockDamagedException>(() => new ByteReader([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]).Varint());
    }

    [Fact]
    public void The_order_of_a_spans_tags_is_kept()
    {
        var batch = new SpanBatch();
        batch.AddSpan();
        foreach (var key in new[] { "z", "a", "m" }) batch.SetTag(batch.Strings.Intern(key), batch.Strings.Intern("v"));
        using var encoder = new BlockEncoder();
        var read = WriteAndOpen(encoder, batch).ReadAll();

        var keys = new List<string>();
        foreach (var (key, _) in read.Tags.Of(0)) keys.Add(read.Strings.Text(key));
        Assert.Equal(["z", "a", "m"], keys);
    }

    [Fact]
    public void Spans_stand_by_trace_and_start()
    {
        var batch = SpanBatches.Of(Plain(2, 20, T0 + 9), Plain(1, 10, T0 + 5), Plain(2, 21, T0 + 7), Plain(1, 11, T0 + 1));
        using var encoder = new BlockEncoder();
        var read = WriteAndOpen(encoder, batch).ReadAll();

        Assert.Equal([11UL, 10, 21, 20], read.SpanIds.Take(4));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Every_trace_is_read_alone_as_it_is_in_the_whole(int seed)
    {
        var chance = new Random(seed);
        using var encoder = new BlockEncoder();
        var batch = SpanBatches.Random(chance, 300, T0);
        var block = WriteAndOpen(encoder, batch);
        var all = SpanBatches.Spans(batch).ToList();
        foreach (var id in all.Select(span => span.TraceId).Append(new TraceId(0, 7)).Append(new TraceId(5, 12345)).Distinct())
        {
            var found = block.ReadTrace(id).SelectMany(SpanBatches.Spans);
            Assert.Equal(SpanBatches.Describe(all.Where(span => span.TraceId.Matches(id))), SpanBatches.Describe(found));
        }
    }

    [Fact]
    public void The_filters_know_every_trace_and_every_tag_and_few_others()
    {
        using var encoder = new BlockEncoder();
        var batch = SpanBatches.Of([.. Enumerable.Range(1, 2_000).Select(i => Plain((ulong)i * 7919, (ulong)i, T0) with { Tags = new Dictionary<string, string> { ["user"] = $"u{i}" } })]);
        var block = WriteAndOpen(encoder, batch);

        var traces = block.ReadTraceFilter();
        Assert.All(Enumerable.Range(1, 2_000), i => Assert.True(traces.MayContain(StableHash.OfTrace((ulong)i * 7919))));
        Assert.InRange(Enumerable.Range(1, 10_000).Count(i => traces.MayContain(StableHash.OfTrace(((ulong)i * 7919) + 1))), 0, 50);

        var tags = block.ReadTagFilter()!;
        Assert.All(Enumerable.Range(1, 2_000), i => Assert.True(tags.MayContain(TagHash("user", $"u{i}"))));
        Assert.InRange(Enumerable.Range(2_001, 10_000).Count(i => tags.MayContain(TagHash("user", $"u{i}"))), 0, 1_500);
    }

    [Fact]
    public void The_catalogue_entry_says_what_is_inside()
    {
        using var encoder = new BlockEncoder();
        var block = WriteAndOpen(encoder, SpanBatches.Of(Plain(1, 1, T0) with { Service = "b" }, Plain(2, 2, T0 + 50) with { DurationNanos = 7 }));
        var info = block.Header.Info;

        Assert.Equal((2, 2), (info.SpanCount, info.TraceCount));
        Assert.Equal((T0, T0 + 50, 7, 1_000), (info.StartUnixNanosMin, info.StartUnixNanosMax, info.DurationNanosMin, info.DurationNanosMax));
        Assert.Equal((new LogPosition(42), T0 + 1), (info.CoveredUpTo, info.WrittenUnixNanos));
        Assert.Equal(["b", "web"], info.Services!.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_block_of_too_many_services_is_read_for_every_one()
    {
        using var encoder = new BlockEncoder();
        var batch = SpanBatches.Of([.. Enumerable.Range(0, BlockFormat.MaxServicesNamed + 1).Select(i => Plain(1, (ulong)i + 1, T0) with { Service = $"s{i}" })]);
        Assert.Null(WriteAndOpen(encoder, batch).Header.Info.Services);
    }

    [Fact]
    public void A_trace_larger_than_small_ones_keeps_its_parents()
    {
        var spans = Enumerable.Range(1, 5_000).Select(i => Plain(1, (ulong)i, T0 + i) with { ParentId = new SpanId((ulong)(i * 31 % 5_100)) }).ToArray();
        using var encoder = new BlockEncoder();
        Assert.Equal(SpanBatches.Describe(spans), SpanBatches.Describe(SpanBatches.Spans(WriteAndOpen(encoder, SpanBatches.Of(spans)).ReadAll())));
    }

    [Fact]
    public void An_order_cut_into_several_blocks_loses_nothing()
    {
        var chance = new Random(3);
        var batches = new[] { SpanBatches.Random(chance, 500, T0), SpanBatches.Random(chance, 300, T0) };
        var order = new SpanOrder();
        order.Sort(batches);
        using var encoder = new BlockEncoder();
        var found = new List<Span>();
        for (var from = 0; from < 800; from += 111)
        {
            var block = Open(encoder.Encode(batches, order, from, Math.Min(800, from + 111), new LogPosition(1), T0));
            found.AddRange(SpanBatches.Spans(block.ReadAll()));
            Assert.All(found.TakeLast(5), span => Assert.Contains(SpanBatches.Describe(span), block.ReadTrace(span.TraceId).SelectMany(SpanBatches.Spans).Select(SpanBatches.Describe)));
        }
        Assert.Equal(SpanBatches.Describe(batches.SelectMany(SpanBatches.Spans)), SpanBatches.Describe(found));
    }

    [Theory]
    [InlineData(1_000)]
    [InlineData(1_000_000)]
    public void Coarse_times_come_back_and_take_less_room(long unit)
    {
        var chance = new Random(1);
        Span Coarse(int i, long rest) => Plain(1 + ((ulong)i / 10), (ulong)i + 1, T0 + (chance.Next(100_000) * unit) + rest) with { DurationNanos = (chance.Next(100_000) * unit) + rest };
        var coarse = SpanBatches.Of([.. Enumerable.Range(0, 1_000).Select(i => Coarse(i, 0))]);
        var fine = SpanBatches.Of([.. Enumerable.Range(0, 1_000).Select(i => Coarse(i, 1))]);
        using var encoder = new BlockEncoder();
        var block = WriteAndOpen(encoder, coarse);
        Assert.Equal(SpanBatches.Describe(SpanBatches.Spans(coarse)), SpanBatches.Describe(SpanBatches.Spans(block.ReadAll())));
        Assert.True(block.Header.Info.ByteCount < WriteAndOpen(encoder, fine).Header.Info.ByteCount);
    }

    [Fact]
    public void Damage_anywhere_is_noticed_or_harmless_and_never_anything_else()
    {
        using var encoder = new BlockEncoder();
        var batch = SpanBatches.Random(new Random(9), 400, T0);
        var bytes = Encode(encoder, batch).ToArray();
        var whole = SpanBatches.Describe(SpanBatches.Spans(batch));
        var chance = new Random(10);
        var noticed = 0;
        for (var i = 0; i < 300; i++)
        {
            var damaged = (byte[])bytes.Clone();
            damaged[i < 100 ? i : chance.Next(bytes.Length)] ^= (byte)(1 << chance.Next(8));
            var tagsDamaged = 0;
            try
            {
                using var file = Write(damaged);
                if (!BlockHeader.TryReadPrefix(damaged, out var headerBytes, out _)) { noticed++; continue; }
                var read = new BlockReader(file, 0, headerBytes).ReadAll(onTagsDamaged: _ => tagsDamaged++);
                var lines = SpanBatches.Describe(SpanBatches.Spans(read));
                if (tagsDamaged > 0) noticed++;
                else Assert.Equal(whole, lines); // A filter, or padding.
            }
            catch (BlockDamagedException)
            {
                noticed++;
            }
        }
        Assert.InRange(noticed, 200, 300);
    }

    /// <summary>As a faulty program would write it, or memory that flips bits before the checksum is made: nothing may loop, run out of bounds or take memory without end.</summary>
    [Theory]
    [InlineData(21)]
    [InlineData(22)]
    [InlineData(23)]
    public void Damage_that_the_checksums_do_not_see_ends_in_spans_or_in_one_kind_of_error(int seed)
    {
        var chance = new Random(seed);
        using var encoder = new BlockEncoder();
        var batch = SpanBatches.Random(chance, 300, T0);
        var block = Encode(encoder, batch);
        var bytes = block.ToArray();
        var sections = BlockHeader.Read(bytes).Sections;
        var noticed = 0;
        for (var i = 0; i < 1_500; i++)
        {
            var section = sections[i % sections.Count];
            var damaged = (byte[])bytes.Clone();
            for (var left = chance.Next(1, 4); left > 0; left--) damaged[section.Offset + chance.Next(section.StoredBytes)] = (byte)chance.Next(256);
            SignAgain(damaged, block.Info.HeaderBytes, section);
            try
            {
                using var file = Write(damaged);
                var reader = new BlockReader(file, 0, block.Info.HeaderBytes);
                reader.Verify();
                var read = reader.ReadAll(onTagsDamaged: _ => noticed++);
                Assert.Equal(batch.SpanCount, SpanBatches.Describe(SpanBatches.Spans(read)).Count);
                for (var key = 0; key < read.Strings.Count; key++) read.ReadTag(key);
                reader.ReadTrace(new TraceId(batch.TraceIdHigh[0], batch.TraceIdLow[0]));
                using (var columns = new BlockColumns(reader))
                {
                    if (columns.PlacesOf(new SpanScan { MaxDurationNanos = 5_000_000, Service = "web" }) is { Length: > 0 } places)
                    {
                        var few = columns.ReadSpans(SpanPlaces.Of(places), null, _ => noticed++);
                        Assert.Equal(places.Length, few.SpansAt([.. Enumerable.Range(0, places.Length)]).Count);
                    }
                }
                reader.ReadServiceDurations();
                reader.MayHoldTexts(["web"]);
                reader.ReadTraceFilter();
                reader.ReadTagFilter();
            }
            catch (BlockDamagedException)
            {
                noticed++;
            }
        }
        Assert.InRange(noticed, 100, 3_000);
    }

    /// <summary>Gives a part's bytes, the header and the prefix the checksums they have now.</summary>
    static void SignAgain(byte[] block, int headerBytes, Section section)
    {
        var header = block.AsSpan(0, headerBytes);
        var at = BlockFormat.PrefixBytes + header[BlockFormat.PrefixBytes..].IndexOf(BitConverter.GetBytes(section.Checksum));
        BitConverter.TryWriteBytes(header[at..], Checksum.Of(block.AsSpan(section.Offset, section.StoredBytes)));
        BitConverter.TryWriteBytes(header[16..], Checksum.Of(header[BlockFormat.PrefixBytes..]));
        BitConverter.TryWriteBytes(header[28..], Checksum.Of(header[..28]));
    }

    [Fact]
    public void A_block_of_a_newer_version_says_so()
    {
        using var encoder = new BlockEncoder();
        var bytes = Encode(encoder, SpanBatches.Of(Plain(1, 1, T0))).ToArray();
        bytes[4] = 2;
        BitConverter.GetBytes(Checksum.Of(bytes.AsSpan(0, 28))).CopyTo(bytes, 28);

        var failure = Assert.Throws<BlockVersionException>(() => BlockHeader.Read(bytes));
        Assert.Equal("A block is of version 2; this program reads up to 1. Use the newer program that wrote it.", failure.Message);
    }

    static ulong TagHash(string key, string value) =>
        StableHash.OfTag(StableHash.OfText(System.Text.Encoding.UTF8.GetBytes(key)), StableHash.OfText(System.Text.Encoding.UTF8.GetBytes(value)));

    static EncodedBlock Encode(BlockEncoder encoder, params SpanBatch[] batches)
    {
        var order = new SpanOrder();
        order.Sort(batches);
        return encoder.Encode(batches, order, 0, order.SpanCount, new LogPosition(42), T0 + 1);
    }

    BlockReader WriteAndOpen(BlockEncoder encoder, params SpanBatch[] batches) => Open(Encode(encoder, batches));

    BlockReader Open(EncodedBlock block)
    {
        var bytes = block.ToArray();
        Assert.Equal(block.Info.ByteCount, bytes.Length);
        return new BlockReader(Write(bytes), 0, block.Info.HeaderBytes);
    }

    StoreFile Write(byte[] bytes)
    {
        File.WriteAllBytes(_path, bytes);
        var opened = DiskFiles.Instance.OpenRead(_path);
        File.Delete(_path); // The open file stays readable.
        return opened;
    }

    static Span Plain(ulong trace, ulong id, long start) => new()
    {
        TraceId = new TraceId(0, trace),
        Id = new SpanId(id),
        StartUnixNanos = start,
        DurationNanos = 1_000,
        Service = "web",
        Name = "http.request",
        Resource = "GET /",
    };
}
