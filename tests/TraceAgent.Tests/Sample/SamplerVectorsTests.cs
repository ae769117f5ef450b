using System.Text;
using Apm.TraceAgent.Sample;

namespace Apm.TraceAgent.Tests.Sample;

/// <summary>The numbers of trace-intake §4: other agents and tracers come to the same.</summary>
public class SamplerVectorsTests
{
    [Theory]
    //          trace id                    hash                      0.1    0.25   0.5    0.9
    [InlineData(1UL,                    1111111111111111111UL,  true,  true,  true,  true)]
    [InlineData(2UL,                    2222222222222222222UL,  false, true,  true,  true)]
    [InlineData(5UL,                    5555555555555555555UL,  false, false, true,  true)]
    [InlineData(10UL,                   11111111111111111110UL, false, false, false, true)]
    [InlineData(42UL,                   9773178519247563430UL,  false, false, false, true)]
    [InlineData(12345678901234567890UL, 1908804064858086206UL,  false, true,  true,  true)]
    [InlineData(6104482744123456789UL,  12004749123097264211UL, false, false, false, true)]
    [InlineData(18446744073709551615UL, 17335632962598440505UL, false, false, false, false)]
    public void Rate_by_trace_id(ulong traceId, ulong hash, bool tenth, bool quarter, bool half, bool most)
    {
        Assert.Equal(hash, TraceIdRate.Hash(traceId));
        Assert.Equal((tenth, quarter, half, most), (TraceIdRate.Keeps(traceId, 0.1), TraceIdRate.Keeps(traceId, 0.25), TraceIdRate.Keeps(traceId, 0.5), TraceIdRate.Keeps(traceId, 0.9)));
        Assert.True(TraceIdRate.Keeps(traceId, 1));
        Assert.False(TraceIdRate.Keeps(traceId, 0));
    }

    [Theory]
    //          trace id                    hash         10 %   50 %   90 %
    [InlineData(1UL,                    2562073442U, false, false, true)]
    [InlineData(42UL,                   2865465447U, false, true,  true)]
    [InlineData(15161849952847513100UL, 2036784149U, false, true,  true)]
    public void Probabilistic(ulong traceId, uint hash, bool tenth, bool half, bool most)
    {
        Assert.Equal(hash, Share(10).Hash(7, traceId)); // The upper half does not count.
        Assert.Equal((tenth, half, most), (Share(10).Keeps(7, traceId), Share(50).Keeps(7, traceId), Share(90).Keeps(7, traceId)));
        Assert.True(Share(100).Keeps(0, traceId));
        Assert.False(Share(0).Keeps(0, traceId));
    }

    [Fact]
    public void With_the_full_id_the_upper_half_decides_too_and_so_does_the_seed()
    {
        var full = new ProbabilisticSampler(new ProbabilisticSamplerSettings(), fullTraceId: true);
        var seeded = new ProbabilisticSampler(new ProbabilisticSamplerSettings { HashSeed = 22 }, fullTraceId: false);

        Assert.NotEqual(full.Hash(1, 42), full.Hash(2, 42));
        Assert.NotEqual(2865465447U, seeded.Hash(0, 42));
    }

    [Fact]
    public void The_signature_of_a_service() =>
        Assert.Equal(2726573998U, TraceSignature.OfService(Encoding.UTF8.GetBytes("web"), Encoding.UTF8.GetBytes("prod")));

    static ProbabilisticSampler Share(double percent) => new(new ProbabilisticSamplerSettings { SamplingPercentage = percent }, fullTraceId: false);
}
