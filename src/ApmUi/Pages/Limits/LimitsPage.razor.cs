using Apm.Core.Counting;
using Apm.Core.Limits;
using Apm.Core.Ports;
using Apm.Core.Time;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;

namespace Apm.ApmUi.Pages.Limits;

/// <summary>Which traces are kept, and how full everything is that has a ceiling. The host may keep no book; then the page says so.</summary>
public partial class LimitsPage
{
    [Inject] IServiceProvider Services { get; set; } = null!;
    [Inject] TimeProvider Clock { get; set; } = null!;

    IReadOnlyList<LimitRow> Rows = [];
    SamplingView? Sampling;

    protected override void OnInitialized()
    {
        var now = Clock.NowUnixNanos();
        if (Services.GetService<LimitBook>() is { } book) Rows = [.. book.Read().Select(limit => LimitRow.Of(limit, now))];
        if (Services.GetService<ISamplingReader>() is { } sampling) Sampling = SamplingView.Of(sampling.Sampling(), Services.GetService<Counters>());
    }
}
