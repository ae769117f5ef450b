namespace Apm.Query.Functions;

/// <summary>What is anomalous, which series is unlike the others, and what will come.</summary>
static class AlgorithmFunctions
{
    public static IReadOnlyList<QueryFunction> All { get; } =
    [
        new()
        {
            Name = "anomalies", Group = FunctionGroup.Algorithms, JudgesPoints = true, Example = "anomalies(avg:mysql.net.connections{*}, 'basic', 2, direction='both', alert_window='last_15m', interval=60, count_default_zero='true')",
            Parameters =
            [
                FunctionParameter.OfQuery,
                new("algorithm", ParameterKind.Text, "'basic' looks at the last points, 'agile' and 'robust' at the same time of earlier seasons") { Choices = ["basic", "agile", "robust"] },
                new("bounds", ParameterKind.Number, "how wide the band is, like a number of standard deviations") { Least = 0, Most = 1000 },
                new("direction", ParameterKind.Text, "which side counts") { IsNamed = true, Default = "both", Choices = ["both", "above", "below"] },
                new("alert_window", ParameterKind.Text, "how much of the end a monitor looks at") { IsNamed = true, Default = "last_15m" },
                new("interval", ParameterKind.Duration, "seconds per point in a monitor") { IsNamed = true, Default = "60", Least = 1, Most = 7 * 86_400 },
                new("count_default_zero", ParameterKind.Text, "whether an empty bucket of a count is 0") { IsNamed = true, Default = "true", Choices = ["true", "false"] },
                new("seasonality", ParameterKind.Text, "how long a season of 'agile' and 'robust' is") { IsNamed = true, Default = "weekly", Choices = ["hourly", "daily", "weekly"] },
                new("timezone", ParameterKind.Text, "read and not used: seasons are of equal length") { IsNamed = true, Default = "utc" },
            ],
            Summary = "the values, with the band in which they are expected and the times at which they lie outside",
            Apply = Anomalies.Apply,
        },
        new()
        {
            Name = "outliers", Group = FunctionGroup.Algorithms, Example = "outliers(avg:system.cpu.user{role:db} by {host}, 'dbscan', 3)",
            Parameters =
            [
                FunctionParameter.OfQuery,
                new("algorithm", ParameterKind.Text, "'dbscan' compares whole series, 'mad' points; the scaled ones by the median's size") { Choices = ["dbscan", "mad", "scaleddbscan", "scaledmad"] },
                new("tolerance", ParameterKind.Number, "how far off is unlike") { Default = "3", Least = 0.33, Most = 1000 },
                new("percentage", ParameterKind.Number, "of 'mad': how many percent of the points must lie off") { Default = "20", Least = 0, Most = 100 },
            ],
            Summary = "the values, and of each series whether it is unlike the others; with fewer than three series none is",
            Apply = Outliers.Apply,
        },
        new()
        {
            Name = "forecast", Group = FunctionGroup.Algorithms, Example = "forecast(avg:system.disk.used{*}, 'linear', 1, interval='60m', history='1w', model='default')",
            Parameters =
            [
                FunctionParameter.OfQuery,
                new("algorithm", ParameterKind.Text, "'linear' goes on along a line, 'seasonal' as in earlier seasons") { Choices = ["linear", "seasonal"] },
                new("deviations", ParameterKind.Number, "how many standard deviations the band is wide to each side") { Least = 0, Most = 1000 },
                new("history", ParameterKind.Duration, "of 'linear': how much of the past it learns from") { IsNamed = true, Default = "1w", Least = 60, Most = 93 * 86_400 },
                new("interval", ParameterKind.Duration, "seconds per point that it learns from") { IsNamed = true, Default = "60m", Least = 10, Most = 7 * 86_400 },
                new("model", ParameterKind.Text, "of 'linear': 'default' passes over outlying points, 'simple' takes all, 'reactive' the last quarter") { IsNamed = true, Default = "default", Choices = ["default", "simple", "reactive"] },
                new("seasonality", ParameterKind.Text, "of 'seasonal': how long a season is") { IsNamed = true, Default = "weekly", Choices = ["hourly", "daily", "weekly"] },
            ],
            Summary = "the values, continued by half of the window's length, with a band around what is to come",
            Apply = Forecast.Apply,
        },
    ];
}
