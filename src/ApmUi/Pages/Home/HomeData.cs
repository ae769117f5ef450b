using Apm.ApmUi.Charts;
using Apm.ApmUi.Format;
using Apm.ApmUi.Links;
using Apm.ApmUi.Shared;
using Apm.Core.Ports;
using Apm.Core.Services;
using Apm.Core.Time;
using Apm.Query.Services;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Apm.ApmUi.Pages.Home;

/// <summary>Charts of the first page: requests by service, errors of all.</summary>
public static class HomeData
{
    /// <summary>Services that get a series of their own; the rest are one.</summary>
    const int MaxSeries = 6;

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/ui/data/home", Read);

    static async Task Read(HttpContext context, PageState state, ServiceQueries queries, ServiceCatalogue catalogue, ServiceLook look, TimeProvider clock)
    {
        var started = clock.GetTimestamp();
        try
        {
            IReadOnlyList<ServiceSummary> services = [.. queries.Services(state.Window.Range, state.Env).Where(service => service.Kind == ServiceKind.Application)];
            var chart = state.Url["what"] == "errors" ? Errors(state.Window.Range, services) : Requests(state.Window.Range, services, look.ColorOf);
            chart = chart with { Marks = ChartMarks.OfAll(catalogue.Services(), state.Env, state.Window.Range) };
            await DataAnswer.Write(context, chart, clock.GetElapsedTime(started).TotalMilliseconds);
        }
        catch (StoreUnavailableException error)
        {
            await DataAnswer.Fail(context, StatusCodes.Status503ServiceUnavailable, error.Message);
        }
    }

    internal static ChartData Requests(TimeRange range, IReadOnlyList<ServiceSummary> services, Func<string, string> colorOf)
    {
        var active = services.Where(service => service.HitCount > 0).OrderByDescending(service => service.HitCount).ToList();
        var chart = Base(range, services, "rate");
        var step = chart.StepMs / 1000.0;
        var series = active.Take(MaxSeries).Select(service => new ChartSeries(service.Name, colorOf(service.Name), "bars", ChartSeries.Values4(service.HitSpark.Select(count => count / step)))).ToList();
        if (active.Count > MaxSeries) series.Add(new ChartSeries($"{active.Count - MaxSeries} more", "s9", "bars", ChartSeries.Values4(Sum(active.Skip(MaxSeries), service => service.HitSpark, chart.Times.Count).Select(count => count / step))));
        var total = active.Sum(service => service.HitCount);
        return chart with
        {
            Stacked = true,
            Series = series,
            Summary = active.Count == 0 ? "No request in this time." : $"Requests by service, {Figure.Of(total, "request")} to {Figure.Of(active.Count, "service")}",
        };
    }

    internal static ChartData Errors(TimeRange range, IReadOnlyList<ServiceSummary> services)
    {
        var chart = Base(range, services, "count");
        var total = services.Sum(service => service.ErrorCount);
        return chart with
        {
            Series = services.All(service => service.HitCount <= 0) ? [] : [new ChartSeries("errors", "error", "bars", ChartSeries.Values4(Sum(services, service => service.ErrorSpark, chart.Times.Count)))],
            Summary = services.All(service => service.HitCount <= 0) ? "No request in this time." : $"Errors, {Figure.Of(total, "error")}",
            Behind = "/traces?q=status:error&from={from}&to={to}",
        };
    }

    static double[] Sum(IEnumerable<ServiceSummary> services, Func<ServiceSummary, IReadOnlyList<double>> of, int count)
    {
        var sums = new double[count];
        foreach (var service in services)
        {
            var values = of(service);
            for (var i = 0; i < Math.Min(count, values.Count); i++) sums[i] += values[i];
        }
        return sums;
    }

    static ChartData Base(TimeRange range, IReadOnlyList<ServiceSummary> services, string unit)
    {
        var step = services.Count == 0 ? UnixTime.NanosPerSecond * 10 : services[0].SparkStepNanos;
        var first = UnixTime.Floor(range.FromUnixNanos, step);
        return new ChartData
        {
            Unit = unit,
            FromMs = range.FromUnixNanos / UnixTime.NanosPerMillisecond,
            ToMs = range.ToUnixNanos / UnixTime.NanosPerMillisecond,
            StepMs = step / UnixTime.NanosPerMillisecond,
            Times = [.. Enumerable.Range(0, services.Count == 0 ? 0 : services[0].HitSpark.Count).Select(i => (first + i * step) / UnixTime.NanosPerMillisecond)],
            Series = [],
            Summary = "",
        };
    }
}
