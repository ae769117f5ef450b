namespace Apm.Wire.DogStatsD;

/// <summary>The type of a metric line.</summary>
public enum StatsdType
{
    /// <summary><c>g</c></summary>
    Gauge,

    /// <summary><c>c</c></summary>
    Counter,

    /// <summary><c>h</c></summary>
    Histogram,

    /// <summary><c>ms</c>: a histogram of milliseconds.</summary>
    Timer,

    /// <summary><c>d</c></summary>
    Distribution,

    /// <summary><c>s</c></summary>
    Set,
}
