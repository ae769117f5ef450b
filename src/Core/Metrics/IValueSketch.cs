namespace Apm.Core.Metrics;

/// <summary>Many values in small, with quantiles that are nearly right. Sketches of one kind merge without loss, those of two kinds by value.</summary>
/// <remarks>Not thread-safe while it is changed.</remarks>
public interface IValueSketch
{
    /// <summary>How many values.</summary>
    double Count { get; }

    /// <summary>The value at a quantile; NaN when empty.</summary>
    /// <param name="quantile">0 to 1.</param>
    double Quantile(double quantile);

    /// <summary>The values that stand for what is in it, each with how often.</summary>
    IEnumerable<(double Value, double Weight)> Values();

    /// <summary>An independent copy.</summary>
    IValueSketch Copy();

    /// <summary>Adds all of another sketch.</summary>
    void Merge(IValueSketch other);
}
