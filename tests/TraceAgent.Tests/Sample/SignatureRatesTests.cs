using Apm.TraceAgent.Sample;

namespace Apm.TraceAgent.Tests.Sample;

/// <summary>The rate computation of trace-intake §4.3.</summary>
public class SignatureRatesTests
{
    const long Slot = SignatureRates.SlotNanos;

    [Fact]
    public void What_a_small_service_does_not_use_goes_to_the_others()
    {
        var rates = new SignatureRates(10, 1);
        Send(rates, slot: 0, (1, 5), (2, 100), (3, 200)); // 1, 20 and 40 a second.

        rates.Add(Slot, 9, 0);

        Assert.Equal(1, rates.RateOf(1));
        Assert.Equal(4.5 / 20, rates.RateOf(2), 9); // (10 − 1) ÷ 2 each.
        Assert.Equal(4.5 / 40, rates.RateOf(3), 9);
        Assert.Equal(4.5 / 40, rates.RateOf(77), 9); // A new one gets the lowest, which is below 10 ÷ 61.
    }

    [Fact]
    public void A_rate_falls_at_once_and_rises_by_a_fifth_per_slot()
    {
        var rates = new SignatureRates(10, 1);
        Send(rates, slot: 0, (1, 500)); // 100 a second.
        rates.Add(Slot, 1, 0);
        Assert.Equal(0.1, rates.RateOf(1), 9);

        for (var slot = 2; slot <= 6; slot++) rates.Add(slot * Slot, 1, 0);
        Assert.Equal(0.1, rates.RateOf(1), 9); // Slot 0 still counts as the one about to be used again.
        rates.Add(7 * Slot, 1, 0);
        Assert.Equal(0.12, rates.RateOf(1), 9);
        rates.Add(8 * Slot, 1, 0);
        Assert.Equal(0.144, rates.RateOf(1), 9);
    }

    [Fact]
    public void A_signature_without_traffic_and_with_rate_one_is_forgotten()
    {
        var rates = new SignatureRates(10, 1);
        Send(rates, slot: 0, (1, 5));

        rates.Add(20 * Slot, 2, 1);
        rates.Add(40 * Slot, 2, 1);

        Assert.Equal([2U], rates.Signatures);
    }

    [Theory]
    //          target  per second  rate
    [InlineData(10,     5,          1)]
    [InlineData(10,     20,         0.5)]
    [InlineData(10,     40,         0.25)]
    [InlineData(0,      40,         0)]
    public void The_default_rate(double target, double perSecond, double rate)
    {
        var rates = new SignatureRates(target, 1);

        Send(rates, slot: 0, (1, perSecond * 5));

        Assert.Equal(rate, rates.DefaultRate, 9);
    }

    [Fact]
    public void The_extra_rate_multiplies()
    {
        var rates = new SignatureRates(10, 0.5);
        Send(rates, slot: 0, (1, 100));
        rates.Add(Slot, 1, 0);

        Assert.Equal(0.25, rates.RateOf(1), 9);
    }

    static void Send(SignatureRates rates, int slot, params (uint Signature, double Count)[] traces)
    {
        foreach (var (signature, count) in traces) rates.Add(slot * Slot, signature, count);
    }
}
