using Apm.Core.Dashboards;
using Apm.TestKit;

namespace Apm.Core.Tests.Dashboards;

/// <summary>Boards with parts missing, swapped and broken: they are refused in words or kept, and what is kept can be read and written in every form.</summary>
public class DamagedBoardTests
{
    static readonly string[] Boards =
    [
        """{"title":"T","layout_type":"free","tags":["team:a"],"template_variables":[{"name":"h","prefix":"host","defaults":["*"],"available_values":["a"]}],"widgets":[{"id":7,"definition":{"type":"timeseries","title":"x","requests":[{"q":"avg:m{*}","style":{"line_type":"dashed"},"metadata":[{"expression":"avg:m{*}","alias_name":"M"}]},{"queries":[{"data_source":"metrics","name":"a","query":"avg:n{*}"}],"formulas":[{"formula":"a * 2","limit":{"count":5}}]}],"markers":[{"value":"y = 5","display_type":"error dashed"}],"events":[{"q":"*"}],"yaxis":{"min":"0","max":5}},"layout":{"x":0,"y":0,"width":4,"height":2}},{"definition":{"type":"group","widgets":[{"definition":{"type":"note","content":"c"}}]},"layout":{"x":4,"y":0,"width":4,"height":2}}]}""",
        """{"title":"T","read_only":"True","graphs":[{"title":"x","viz":"timeseries","definition":{"events":["*"],"requests":[{"q":"avg:m{*}","type":"area","style":{"type":"dotted","width":"thin"},"metadata":{"avg:m{*}":{"alias":"M"}}}],"markers":[{"type":"ok","value":"1 < y < 2"}]}}],"template_variables":[{"name":"h","prefix":"host","default":"host:a"}]}""",
        """{"board_title":"T","width":1024,"widgets":[{"type":"note","x":1,"y":2,"width":30,"height":20,"html":"h"},{"type":"toplist","x":1,"y":2,"width":30,"height":20,"title_text":"t","tile_def":{"viz":"toplist","requests":[{"q":"avg:m{*}"}]}}]}""",
    ];

    static readonly string[] Pieces = ["null", "5", "-1", "\"\"", "\"x\"", "[]", "{}", "[null]", "true", "1e300", "{\"a\":[{}]}"];

    [Fact]
    public void Nothing_but_a_refusal_in_words_comes_of_it()
    {
        var random = new Random(23);
        var kept = 0;
        for (var run = 0; run < 6_000; run++)
        {
            var text = Damaged(Boards[run % Boards.Length], random);
            try
            {
                var read = DashboardJson.Read(text);
                using var documents = new MemoryDocuments();
                var board = new DashboardBook(documents, TimeProvider.System, random).Create(read);
                foreach (var widget in board.Widgets) WidgetReader.Read(widget.Definition);
                ImportReport.Of(board);
                DashboardJson.Read(DashboardJson.WriteContent(board).ToJsonString());
                TimeboardJson.Write(board).ToJsonString();
                ScreenboardJson.Write(board with { Widgets = [.. board.Widgets.Select(widget => widget with { Sent = null })] }, withAuthor: true).ToJsonString();
                kept++;
            }
            catch (DashboardException refused)
            {
                Assert.NotEmpty(refused.Message);
            }
            catch (Exception other) when (other is not DashboardException)
            {
                Assert.Fail($"run {run}: {other.GetType().Name}: {other.Message}\n{text}");
            }
        }
        Assert.InRange(kept, 100, 5_999); // Both ways were gone.
    }

    /// <summary>Puts another value in place of one or more, or cuts and doubles a stretch.</summary>
    static string Damaged(string text, Random random)
    {
        for (var times = random.Next(1, 4); times > 0; times--)
        {
            var at = random.Next(text.Length);
            var colon = text.IndexOf(':', at);
            if (random.Next(5) == 0 || colon < 0) text = text.Remove(at, Math.Min(random.Next(1, 6), text.Length - at));
            else text = text[..(colon + 1)] + Pieces[random.Next(Pieces.Length)] + text[EndOfValue(text, colon + 1)..];
        }
        return text;
    }

    static int EndOfValue(string text, int start)
    {
        var depth = 0;
        var isQuoted = false;
        for (var i = start; i < text.Length; i++)
        {
            if (text[i] == '"') isQuoted = !isQuoted;
            if (isQuoted) continue;
            if (text[i] is '{' or '[') depth++;
            if (text[i] is '}' or ']' && --depth < 0) return i;
            if (text[i] == ',' && depth == 0) return i;
        }
        return text.Length;
    }
}
