using Apm.Endurance.Fuzz;

namespace Apm.TraceAgent.Tests.Intake;

/// <summary>The short form of <c>tests/Endurance -- fuzz</c>: each damaged body is refused with a sentence, or comes through counting, storing and reading back.</summary>
public class DamagedPayloadsTests
{
    [Theory]
    [InlineData(1, 8_000)]
    [InlineData(2, 8_000)]
    public void A_damaged_body_of_any_format_is_refused_or_used(int seed, int cases)
    {
        var result = FuzzRun.Run(seed, first: 0, cases);

        Assert.True(result.Failures.Count == 0, $"seed {seed}: {string.Join("\n\n", result.Failures)}");
        Assert.True(result.SpanCount > 1_000, $"only {result.SpanCount} spans came through"); // Else it tests the door alone.
        Assert.All(result.Rows, row => Assert.True(row.SoundCount < row.CaseCount, row.Target));
    }
}
