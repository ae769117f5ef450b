using System.Globalization;
using Apm.Core.Counting;
using Apm.Core.Errors;
using Apm.Core.Ports;
using Apm.Core.Services;
using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.Storage.InMemory;
using Apm.TestKit;
using Apm.TraceAgent.Errors;
using Apm.TraceAgent.Normalize;

namespace Apm.TraceAgent.Tests.Errors;

public sealed class IssueBookTests : IDisposable
{
    const long Minute = 60 * UnixTime.NanosPerSecond;

    readonly InMemoryDocumentStore _documents = new();
    readonly InMemoryStatsStore _stats = new();
    readonly SteppedClock _clock = new(UnixTime.ToDateTime(Some.BaseUnixNanos));
    readonly Counters _counters = new();
    readonly ServiceCatalogue _catalogue = new(new MemoryDocuments());

    public void Dispose()
    {
        _documents.Dispose();
        _stats.Dispose();
    }

    IssueBook Open(IssueCheckpoint? checkpoint = null) => new(_documents, _catalogue, _stats, _clock, _counters, checkpoint);

    static void Note(IssueBook book, string type = "KeyError", string message = "no item 1", string version = "1.0", long minute = 0, string service = "web", SampleVerdict verdict = SampleVerdict.KeepAll)
    {
        var batch = new SpanBatch();
        batch.Payloads.Add(new Payload { Protocol = "test", ReceivedUnixNanos = Some.BaseUnixNanos + minute * Minute });
        SpanBatches.Add(batch, Some.Span(id: 9, trace: 77, service: service, isError: true, tags: [("error.type", type), ("error.message", message), ("error.stack", "File \"/app/shop/a.py\", line 3, in f")]));
        batch.AddChunk(0, 0);
        batch.Chunks[0] = batch.Chunks[0] with { Verdict = verdict };
        var facts = new ChunkFacts(0, 0, batch.Strings.Intern(System.Text.Encoding.UTF8.GetBytes(version)), 0, 0, 0, 0);
        book.Note(batch, [facts], ErrorFinder.Find(batch));
    }

    [Fact]
    public void What_is_known_of_an_issue_survives_a_restart_and_the_loss_of_its_traces()
    {
        var book = Open();
        Note(book, minute: 1);
        Note(book, message: "no item 2", version: "1.1", minute: 5);
        book.Save();

        var again = Open(book.Checkpoint());

        var issue = Assert.Single(again.Issues());
        Assert.Equal(("web", "KeyError", "no item {n}", "f in shop/a.py"), (issue.Service, issue.Type, issue.Pattern, issue.TopFrame));
        Assert.Equal((2, Some.BaseUnixNanos + Minute, Some.BaseUnixNanos + 5 * Minute), (issue.Totals.Count, issue.Totals.FirstSeenUnixNanos, issue.Totals.LastSeenUnixNanos));
        Assert.Equal(["1.0", "1.1"], issue.Totals.Versions.Select(version => version.Version));
        var text = again.Text(issue.Id)!;
        Assert.Equal(("no item 1", "1.0", 77UL, 9UL), (text.Message, text.Version, text.TraceId.Low, text.SpanId.Value));
        Assert.StartsWith("File", text.Stack, StringComparison.Ordinal);
    }

    [Fact]
    public void First_seen_survives_the_loss_of_the_checkpoint_too()
    {
        var book = Open();
        Note(book, minute: 3);
        book.Save();

        Assert.Equal(Some.BaseUnixNanos + 3 * Minute, Assert.Single(Open().Issues()).Totals.FirstSeenUnixNanos);
    }

    [Fact]
    public void Totals_whose_document_a_crash_prevented_wait_for_the_next_error()
    {
        var book = Open();
        Note(book);
        var checkpoint = book.Checkpoint(); // Not saved.

        var again = Open(checkpoint);

        Assert.Empty(again.Issues());
        Assert.Equal(checkpoint.Totals, again.Checkpoint().Totals);
        Note(again, minute: 2);
        Assert.Equal((2, Some.BaseUnixNanos), (again.Issues()[0].Totals.Count, again.Issues()[0].Totals.FirstSeenUnixNanos));
    }

    [Fact]
    public void A_decision_holds_over_a_restart_and_a_later_error_makes_a_resolved_issue_regressed()
    {
        _catalogue.Saw(new ServiceSighting("web", "web", "", "prod", "1.0", Some.BaseUnixNanos));
        _catalogue.Saw(new ServiceSighting("web", "web", "", "prod", "1.1", Some.BaseUnixNanos + 1));
        var book = Open();
        Note(book);
        var id = book.Issues()[0].Id;
        _clock.Advance(TimeSpan.FromMinutes(5));

        Assert.Equal(IssueState.Resolved, book.Decide(id, IssueAction.Resolve)!.Decision.State);
        var again = Open(book.Checkpoint());
        Assert.Equal(("1.1", "1.0"), (again.Issue(id)!.Decision.ResolvedVersion, string.Join(' ', again.Issue(id)!.Decision.EarlierVersions)));
        Note(again, minute: 6); // An old instance.
        Assert.Equal(IssueState.Resolved, again.Issue(id)!.Decision.State);
        Note(again, version: "1.2", minute: 7);
        Assert.Equal((IssueState.Regressed, "1.2"), (again.Issue(id)!.Decision.State, again.Issue(id)!.Decision.RegressedVersion));
        again.Save();
        Assert.Equal(IssueState.Regressed, Open(again.Checkpoint()).Issue(id)!.Decision.State);
    }

    [Fact]
    public void Ignoring_and_reopening()
    {
        var book = Open();
        Note(book);
        var id = book.Issues()[0].Id;

        Assert.Equal(IssueState.Ignored, book.Decide(id, IssueAction.Ignore)!.Decision.State);
        Note(book, minute: 9);
        Assert.Equal(IssueState.Ignored, book.Issue(id)!.Decision.State);
        Assert.Equal(IssueState.Open, book.Decide(id, IssueAction.Reopen)!.Decision.State);
        Assert.Null(book.Decide(new IssueId(1), IssueAction.Ignore));
    }

    [Fact]
    public void Beyond_the_limit_of_a_service_errors_count_under_one_that_says_so()
    {
        var book = Open();
        for (var i = 0; i < IssueBook.MaxIssuesOfService + 30; i++) Note(book, type: Name(i));
        Note(book, service: "api");

        var overflow = Assert.Single(book.Issues(), issue => issue.IsOverflow);
        Assert.Equal(("web", "(too many issues)", 30), (overflow.Service, overflow.Type, overflow.Totals.Count));
        Assert.Equal("Further errors of this service, which are more different ones than are kept apart.", overflow.Pattern);
        Assert.Equal(30, _counters.Read("issues_over_limit"));
        Assert.Equal(IssueBook.MaxIssuesOfService + 2, book.Issues().Count);
    }

    [Fact]
    public void An_issue_silent_for_a_week_makes_room()
    {
        var book = Open();
        for (var i = 0; i < IssueBook.MaxIssuesOfService; i++) Note(book, type: Name(i), minute: i == 7 ? 0 : 60);
        book.Save();

        Note(book, type: "New", minute: 7 * 24 * 60);

        Assert.DoesNotContain(book.Issues(), issue => issue.Type == Name(7) || issue.IsOverflow);
        Assert.Contains(book.Issues(), issue => issue.Type == "New");
        Assert.Equal(1, _counters.Read("issues_forgotten"));
    }

    [Fact]
    public void In_all_there_are_never_more_than_the_limits_say()
    {
        var book = Open();
        for (var i = 0; i < 3_000; i++) Note(book, type: Name(i), service: $"service{i % 400}");
        for (var i = 0; i < 500; i++) Note(book, service: $"late{i}");

        Assert.Equal(IssueBook.MaxIssues + IssueBook.MaxOverflowIssues, book.Issues().Count);
        Assert.Equal(3_500, book.Issues().Sum(issue => issue.Totals.Count));
        Assert.Contains(book.Issues(), issue => issue.Service == IssueBook.OtherServices);
    }

    [Fact]
    public void A_flood_of_new_issues_is_written_bit_by_bit()
    {
        var book = Open();
        for (var i = 0; i < IssueBook.MaxSavedAtOnce + 20; i++) Note(book, type: Name(i));

        book.Save();
        Assert.Equal(IssueBook.MaxSavedAtOnce, Open(book.Checkpoint()).Issues().Count);
        book.Save();
        Assert.Equal(IssueBook.MaxSavedAtOnce + 20, Open(book.Checkpoint()).Issues().Count);
    }

    [Fact]
    public void Only_an_error_whose_trace_is_kept_is_an_example()
    {
        var book = Open();
        Note(book, verdict: SampleVerdict.DropManual);
        Assert.Null(book.Issues()[0].Totals.Newest);

        Note(book, minute: 1);
        Assert.Equal(77UL, book.Issues()[0].Totals.Newest!.TraceId.Low);
    }

    /// <summary>A type without digits.</summary>
    static string Name(int i) => "Error" + string.Concat(i.ToString(CultureInfo.InvariantCulture).Select(digit => (char)('A' + digit - '0')));
}
