using Apm.ApmUi.Frame;
using Apm.ApmUi.Links;

namespace Apm.ApmUi.Tests.Pages;

/// <summary>Which pages move on by themselves, and which of them say that spans wait.</summary>
public class LivePagesTests
{
    [Theory]
    [InlineData("/traces", true, true, true)]
    [InlineData("/dashboards/abc-def-ghi", true, true, true)]
    [InlineData("/dashboards/abc-def-ghi?edit=1", true, false, true)]
    [InlineData("/dashboards", true, true, false)]
    [InlineData("/monitors", true, true, false)]
    [InlineData("/monitors/downtimes", true, true, false)]
    [InlineData("/monitors/7", true, true, false)]
    [InlineData("/monitors/new", false, false, false)]
    [InlineData("/monitors/7/edit", false, false, false)]
    [InlineData("/slos/new?type=monitor", false, false, false)]
    [InlineData("/slos/abc/edit", false, false, false)]
    [InlineData("/traces/0123", false, false, true)]
    public void Forms_stand_still_and_only_lists_of_spans_say_that_some_wait(string address, bool isTimed, bool moves, bool showsSpans)
    {
        var url = PageUrl.Parse(address);
        Assert.Equal((isTimed, moves, showsSpans), (LivePages.IsTimed(url), LivePages.Moves(url), LivePages.ShowsSpans(url)));
    }
}
