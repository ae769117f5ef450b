using Apm.ApmUi.Links;
using CsCheck;

namespace Apm.ApmUi.Tests.Links;

public class PageUrlTests
{
    [Fact]
    public void Parameters_keep_their_order_and_unknown_ones_stay() =>
        Assert.Equal("/traces?zzz=1&q=status:error&env=prod", PageUrl.Parse("/traces?zzz=1&q=old&env=prod").With("q", "status:error").ToString());

    [Fact]
    public void A_parameter_without_a_value_is_left_out() =>
        Assert.Equal("/traces", PageUrl.Parse("/traces?q=&env=prod").With("env", "").ToString());

    [Fact]
    public void Only_where_and_when_travel_to_another_page() =>
        Assert.Equal("/map?env=prod&from=now-1h", PageUrl.Parse("/traces?q=x&env=prod&from=now-1h&sort=slowest").To("/map").ToString());

    [Fact]
    public void Any_text_comes_back_from_an_address() =>
        Gen.Select(Gen.String.Where(text => text.Length > 0 && !text.Any(char.IsSurrogate)), Gen.String.Where(text => text.Length > 0 && !text.Any(char.IsSurrogate))).Sample((name, value) =>
            PageUrl.Parse(new PageUrl("/x", [new(name, value)]).ToString())[name] == value);
}
