using System.Globalization;

namespace Apm.TraceAgent.Intake;

/// <summary>A body did not come to its end in time; nothing was kept.</summary>
public sealed class SlowBodyException(int readBytes, TimeSpan timeout)
    : Exception(string.Create(CultureInfo.InvariantCulture, $"The body did not end within {timeout.TotalSeconds:0.#} s; {readBytes} bytes of it came. Send smaller batches, or allow more time with limits.request_timeout."));
