using Apm.ApmUi.Links;
using Apm.ApmUi.Shared;
using Apm.ApmUi.Tests.Pages;
using Apm.Core.Services;
using Apm.TestKit;
using Bunit;
using Microsoft.Extensions.DependencyInjection;

namespace Apm.ApmUi.Tests.Shared;

public sealed class ComponentTests : BunitContext
{
    public ComponentTests()
    {
        var catalogue = new ServiceCatalogue(new MemoryDocuments());
        catalogue.Saw(new ServiceSighting("web", "web", "python", "prod", "1", 1));
        Services.AddSingleton(new ServiceLook(catalogue));
        Services.AddSingleton(UrlStates.Of("/services?env=prod&sort=rate"));
        Services.AddSingleton(new UiSettings());
    }

    [Fact]
    public void A_service_chip_leads_to_its_page_and_keeps_the_environment()
    {
        var link = Render<ServiceChip>(parameters => parameters.Add(chip => chip.Name, "web")).Find("a");

        Assert.Equal(("web", "/services/web?env=prod"), (link.TextContent.Trim(), link.GetAttribute("href")));
    }

    [Theory]
    [InlineData("rate", "descending", "/services?env=prod&sort=rate-turned")]
    [InlineData("p95", null, "/services?env=prod&sort=p95")]
    [InlineData("impact", null, "/services?env=prod")]
    public void A_columns_head_tells_its_order_and_leads_to_the_next(string key, string? order, string link)
    {
        var head = Render<SortHead>(parameters => parameters.Add(h => h.Text, "X").Add(h => h.Key, key).Add(h => h.Sort, "rate").Add(h => h.Default, "impact").Add(h => h.IsNumber, true)).Find("th");

        Assert.Equal((order, link), (head.GetAttribute("aria-sort"), head.QuerySelector("a")!.GetAttribute("href")));
    }

    [Theory]
    [InlineData("error", "failing")]
    [InlineData("none", "silent")]
    public void A_state_is_said_in_words_too(string kind, string word) =>
        Assert.Equal(word, Render<StateDot>(parameters => parameters.Add(dot => dot.Kind, kind).Add(dot => dot.Word, word)).Find(".state").TextContent.Trim());

    [Fact]
    public void A_command_can_be_copied_by_a_named_button()
    {
        var button = Render<Command>(parameters => parameters.Add(command => command.Text, "curl x")).Find("button");

        Assert.Equal(("curl x", "Copy the command"), (button.GetAttribute("data-copy"), button.GetAttribute("aria-label")));
    }

    [Theory]
    [InlineData(502, true, "502")]
    [InlineData(0, true, "error")]
    [InlineData(0, false, "ok")]
    public void A_status_without_a_code_is_a_word(int code, bool isError, string text) =>
        Assert.Equal(text, Render<HttpStatus>(parameters => parameters.Add(status => status.Code, code).Add(status => status.IsError, isError)).Find("span").TextContent);
}
