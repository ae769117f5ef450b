using System.Text.Json;
using Apm.Core.Ledger;
using Apm.Core.Ports;
using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.Storage.InMemory;
using Apm.TestKit;

namespace Apm.TraceAgent.Tests.Serve;

public class LedgerApiTests
{
    const long Base = Some.BaseUnixNanos / 1_000_000_000;

    static readonly LedgerRow[] Rows =
    [
        Row(0, "web", SpanOutcome.Stored, "all", 70),
        Row(0, "web", SpanOutcome.SampledOut, "rate", 25),
        Row(0, "web", SpanOutcome.Rejected, "overloaded", 5),
        Row(0, "", SpanOutcome.Rejected, "undecodable", 0, payloads: 2),
        Row(60, "db", SpanOutcome.Stored, "error", 9),
        Row(60, "web", SpanOutcome.Dropped, "store_failed", 1),
    ];

    [Theory]
    [InlineData("total", null)]
    [InlineData("hour", "0: 0:db 0:web")]
    [InlineData("minute", "0: 0:web 60:db 60:web")]
    public async Task Each_row_and_the_total_sum(string by, string? rows)
    {
        await using var api = await Start();

        var answer = await api.GetJson($"/api/ledger?from={Base}&to={Base + 3600}&by={by}");

        var found = answer.GetProperty("rows").EnumerateArray().ToList();
        Assert.All(found.Append(answer.GetProperty("total")), Sums);
        Assert.Equal(110, answer.GetProperty("total").GetProperty("received").GetInt64());
        Assert.Equal(110, found.Sum(row => row.GetProperty("received").GetInt64()));
        Assert.Equal(2, answer.GetProperty("total").GetProperty("unread_payloads").GetInt64());
        if (rows is null) Assert.Equal(["", "db", "web"], found.Select(row => row.GetProperty("service").GetString()));
        else Assert.Equal(rows, string.Join(' ', found.Select(row => $"{row.GetProperty("start").GetInt64() - Base}:{row.GetProperty("service").GetString()}")));
    }

    [Fact]
    public async Task A_service_has_its_reasons_with_a_sentence_each()
    {
        await using var api = await Start();

        var total = (await api.GetJson($"/api/ledger?service=web&from={Base}&to={Base + 3600}")).GetProperty("total");

        Assert.Equal((101, 70, 25, 5, 1), (Number(total, "received"), Number(total, "stored"), Number(total, "sampled_out"), Number(total, "rejected"), Number(total, "dropped")));
        var reasons = total.GetProperty("reasons").EnumerateArray().ToDictionary(reason => $"{reason.GetProperty("outcome").GetString()} {reason.GetProperty("reason").GetString()}");
        Assert.Equal(25, Number(reasons["sampled_out rate"], "spans"));
        Assert.All(reasons.Values, reason => Assert.EndsWith(".", reason.GetProperty("means").GetString(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_total_holds_no_minute_outside_its_window_though_the_hour_is_over()
    {
        var hour = UnixTime.Floor(Some.BaseUnixNanos, LedgerPage.HourNanos);
        var minutes = Enumerable.Range(0, 60).Select(minute => LedgerPage.OfMinute(hour + minute * LedgerPage.MinuteNanos)).ToList();
        foreach (var minute in minutes) minute.Add(new LedgerKey("web", SpanOutcome.Stored, "all"), new LedgerCount(1, 0));
        await using var api = await ApiHost.Start(new InMemoryTraceStore(), [], ledger: new RolledUpLedger(minutes));

        var from = hour / UnixTime.NanosPerSecond + 600;

        Assert.Equal(15, Number((await api.GetJson($"/api/ledger?from={from}&to={from + 900}")).GetProperty("total"), "received"));
        Assert.Equal(60, Number((await api.GetJson($"/api/ledger?from={from}&to={from + 900}&by=hour")).GetProperty("total"), "received"));
    }

    [Theory]
    [InlineData("from=abc", "The parameter 'from' is no number. Give the window's start in Unix seconds, such as from=1700000000.")]
    [InlineData("to=99999999999999999999", "The parameter 'to' is no number. Give the window's end in Unix seconds, such as to=1700003600.")]
    [InlineData("from=5&to=5", "The window is empty: 'to' (5) must be later than 'from' (5).")]
    [InlineData("by=year", "by=year is not known. Give by=minute, by=hour or by=total.")]
    [InlineData("by=minute&from=0&to=864000", "The window is 10 days long; by minute at most 7 are answered. Ask by=hour, or move 'from' nearer to 'to'.")]
    public async Task Silly_parameters_are_refused_in_words(string query, string sentence)
    {
        await using var api = await Start();

        var answer = await api.GetRaw($"/api/ledger?{query}");

        Assert.Equal((400, sentence), (answer.Status, answer.Json.GetProperty("errors")[0].GetString()));
    }

    static void Sums(JsonElement row) =>
        Assert.Equal(Number(row, "received"), Number(row, "stored") + Number(row, "sampled_out") + Number(row, "rejected") + Number(row, "dropped"));

    static long Number(JsonElement row, string name) => row.GetProperty(name).GetInt64();

    static Task<ApiHost> Start() => ApiHost.Start(new BatchList(Some.Batch(Some.Span())), [], ledger: new RowList());

    static LedgerRow Row(long second, string service, SpanOutcome outcome, string reason, long spans, long payloads = 0) =>
        new(Some.BaseUnixNanos + (second * Some.Second), LedgerPage.MinuteNanos, new LedgerKey(service, outcome, reason), new LedgerCount(spans, payloads));

    sealed class RowList : ILedgerReader
    {
        public IReadOnlyList<LedgerRow> ReadLedger(TimeRange range, string? service, long coarsestNanos) => [.. Rows.Where(row => service is null || row.Key.Service == service)];
    }
}
