using System.Globalization;
using System.Text.RegularExpressions;

namespace Apm.EndToEnd.Tests.Running;

/// <summary>The generated shop with its history, for the screens that must find what is planted in it: one for all tests, started by the first that asks.</summary>
public sealed partial class DemoShop : IAsyncLifetime
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(180); // Ten seconds on a machine that does nothing else.

    Task<ApmProcess>? _apm;

    /// <summary>The shop's now, Unix milliseconds: what is planted lies before it. Known once <see cref="Apm"/> is.</summary>
    public long NowMillis { get; private set; }

    /// <summary>Running, its history filled in.</summary>
    public Task<ApmProcess> Apm() => _apm ??= Start();

    async Task<ApmProcess> Start()
    {
        var apm = await ApmProcess.Start(upPatience: Patience, options: ["--demo=shop"]);
        NowMillis = long.Parse(Ready().Match(await apm.Program.Line("the shop says when its now is", line => Ready().IsMatch(line), Patience)).Groups["millis"].Value, CultureInfo.InvariantCulture);
        return apm;
    }

    /// <inheritdoc/>
    public Task InitializeAsync() => Task.CompletedTask;

    /// <inheritdoc/>
    public async Task DisposeAsync()
    {
        if (_apm is null) return;
        var apm = await _apm;
        await apm.Stop();
        await apm.DisposeAsync();
    }

    /// <summary>The line that <c>apm up --demo=shop</c> prints when the history is there.</summary>
    [GeneratedRegex(@"the shop is ready after .* \((?<millis>\d{13})\)")]
    internal static partial Regex Ready();
}
