using Apm.Core.Diagnosis;

namespace Apm.Doctor;

/// <summary>Recognises one fault of the table in docs/doctor.md.</summary>
/// <remarks>Pure: the same facts give the same verdict. A rule looks at what it needs and leaves the order to <see cref="FaultTable"/>.</remarks>
public interface IFaultRule
{
    /// <summary><c>TD01</c> …</summary>
    string Code { get; }

    /// <summary>The verdict; null when the facts do not show this fault.</summary>
    Verdict? Judge(Facts facts);
}
