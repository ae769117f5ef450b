using Apm.Core.Dashboards;
using Apm.TestKit;

namespace Apm.Core.Tests.Dashboards;

/// <summary>Boards are kept with their versions, within limits, over a restart too.</summary>
public sealed class DashboardBookTests : IDisposable
{
    readonly MemoryDocuments _documents = new();
    readonly SteppedClock _clock = new(DateTimeOffset.UnixEpoch.AddDays(20_000));

    public void Dispose() => _documents.Dispose();

    DashboardBook Book() => new(_documents, _clock, new Random(7));

    [Fact]
    public void Widgets_of_a_group_get_ids_that_no_other_widget_has()
    {
        var group = """{"type":"group","title":"Ä","widgets":[{"definition":{"type":"note","content":"x"}},{"id":9,"definition":{"type":"note","content":"y"}},{"id":9,"definition":{"type":"note","content":"z"}}]}""";
        var book = Book();

        var board = book.Create(Draft("a") with { Widgets = [new Widget(0, group), new Widget(8, """{"type":"note","content":"x"}""")] });

        var ids = WidgetReader.Read(board.Widgets[0].Definition).Children.Select(child => child.Id).Concat(board.Widgets.Select(widget => widget.Id)).ToList();
        Assert.Equal((5, true, 9), (ids.Distinct().Count(), ids.TrueForAll(id => id > 0), ids[1]));
        Assert.Contains("\"title\":\"Ä\"", board.Widgets[0].Definition, StringComparison.Ordinal);
        Assert.Equal(board.Widgets[0].Definition, book.Change(board.Id, before => before with { Title = "b" })!.Widgets[0].Definition); // They stay.
    }

    static Dashboard Draft(string title) => new() { Title = title, Widgets = [new Widget(0, """{"type":"note","content":"x"}""")] };

    [Fact]
    public void Every_save_is_a_version_and_an_earlier_one_comes_back()
    {
        var made = Book().Create(Draft("a"));
        Book().Change(made.Id, board => board with { Title = "b" });

        var back = Book().BringBack(made.Id, 1)!;

        Assert.Equal((3, "a"), (back.Version, back.Title));
        Assert.Equal([(3, "a"), (2, "b"), (1, "a")], Book().VersionsOf(made.Id).Select(version => (version.Version, version.Title)));
        Assert.Equal(made.Widgets[0].Id, back.Widgets[0].Id);
        Assert.Null(Book().BringBack(made.Id, 9));
    }

    [Fact]
    public void So_many_versions_are_kept_and_no_more()
    {
        var book = Book();
        var made = book.Create(Draft("0"));
        for (var i = 1; i <= DashboardBook.MaxVersions + 3; i++) book.Change(made.Id, board => board with { Title = $"{i}" });

        Assert.Equal(DashboardBook.MaxVersions + 1, book.VersionsOf(made.Id).Count);
        Assert.Equal(DashboardBook.MaxVersions, _documents.FindAll<Dashboard>("dashboard-versions").Count);
    }

    [Fact]
    public void A_change_that_began_before_anothers_save_is_refused()
    {
        var book = Book();
        var made = book.Create(Draft("a"));
        book.Change(made.Id, board => board with { Title = "b" }, basedOn: 1);

        var refused = Assert.Throws<DashboardException>(() => book.Change(made.Id, board => board with { Title = "c" }, basedOn: 1));

        Assert.Equal("Somebody has saved this dashboard since it was opened: it is at version 2, and this change began at 1. Open it again, and change it there.", refused.Message);
        Assert.Equal("b", book.Find(made.Id)!.Title);
    }

    [Fact]
    public void A_deleted_board_comes_back_until_too_many_were_deleted_after_it()
    {
        var book = Book();
        var made = book.Create(Draft("first"));
        book.Delete(made.Id);
        Assert.Null(book.Find(made.Id));
        Assert.Equal("first", book.Restore(made.Id)!.Title);
        book.Delete(made.Id);
        for (var i = 0; i < DashboardBook.MaxDeleted; i++)
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            book.Delete(book.Create(Draft($"{i}")).Id);
        }

        Assert.Null(book.Restore(made.Id));
        Assert.Equal(DashboardBook.MaxDeleted, Book().Deleted().Count);
    }

    [Fact]
    public void Widgets_with_the_same_id_are_told_apart()
    {
        var board = Book().Create(Draft("a") with { Widgets = [new Widget(5, "{}"), new Widget(5, "{}"), new Widget(0, "{}")] });
        Assert.Equal(3, board.Widgets.Select(widget => widget.Id).Distinct().Count());
        Assert.Equal(5, board.Widgets[0].Id);
    }

    [Fact]
    public void Boards_beyond_the_limit_are_refused_in_words()
    {
        var book = Book();
        for (var i = 0; i < DashboardBook.MaxBoards; i++) book.Create(Draft($"{i}"));
        Assert.Equal("There are 1000 dashboards already, the most that are kept. Delete one first.", Assert.Throws<DashboardException>(() => book.Create(Draft("more"))).Message);
    }

    static readonly HashSet<string> AllOfFlask = ["trace.flask.request", "trace.flask.request.hits", "trace.flask.request.errors", "trace.flask.request.apdex", "trace.flask.request.hits.by_http_status"];

    [Fact]
    public void Boards_come_by_themselves_for_what_is_measured()
    {
        var boards = BuiltInBoards.For(new HashSet<string> { "system.load.1", "trace.flask.request.hits", "trace.flask.request", "mysql.net.connections" });

        Assert.Equal(["Flask", "Hosts", "MySQL"], boards.Select(board => board.Title));
        Assert.Equal(["Load by host"], boards[1].Widgets.Select(widget => WidgetReader.Read(widget.Definition).Title));
        Assert.Equal("anomalies(avg:mysql.net.connections{$host}, 'basic', 2)", WidgetReader.Read(boards[2].Widgets[0].Definition).Requests[0].Query);
        Assert.Equal(["p50", "p95", "p99"], boards[0].Widgets.Select(widget => WidgetReader.Read(widget.Definition)).Single(content => content.Title.StartsWith("Durations", StringComparison.Ordinal)).Requests.Select(request => request.Aliases[request.Query]));
        Assert.Equal([new(0, 0, 4, 7), new(4, 0, 4, 7), new(8, 0, 4, 7), new(0, 7, 4, 7), new(4, 7, 4, 7), new(8, 7, 4, 7), new(0, 14, 6, 7), new(6, 14, 6, 7)], BuiltInBoards.For(AllOfFlask).Single().Widgets.Select(widget => widget.Layout!));
        Assert.Empty(BuiltInBoards.For(new HashSet<string> { "my_metric" }));
    }

    [Theory]
    [InlineData("flask.request", "given-flask")]
    [InlineData("aspnet_core.request", "given-aspnet-core")]
    [InlineData("servlet.request", "given-servlet")]
    [InlineData("cron.job", null)]
    [InlineData("", null)]
    public void The_board_of_an_operation_is_the_one_that_is_made_of_its_metrics(string operation, string? id)
    {
        Assert.Equal(id, BuiltInBoards.IdOfOperation(operation));
        if (id is not null) Assert.Equal(id, Assert.Single(BuiltInBoards.For(new HashSet<string> { $"trace.{operation}.hits", $"trace.{operation}" })).Id);
    }
}
