using Apm.Tracer.Propagation;

namespace Apm.Tracer.Tests.Propagation;

public sealed class HexTests
{
    [Theory]
    [InlineData("0000000000000000", 0UL)]
    [InlineData("0123456789abcdef", 0x0123456789abcdefUL)]
    [InlineData("fedcba9876543210", 0xfedcba9876543210UL)]
    [InlineData("ffffffffffffffff", ulong.MaxValue)]
    [InlineData("8000000000000001", 0x8000000000000001UL)]
    public void Known_digits_are_read(string digits, ulong value) => Assert.Equal(value, Hex.Read16(digits));

    [Fact]
    public void Every_digit_is_read_at_every_place()
    {
        for (var place = 0; place < 16; place++)
        {
            for (var digit = 0UL; digit < 16; digit++)
            {
                var value = digit << (4 * place);
                Assert.Equal(value, Hex.Read16(Hex.Of(value)));
            }
        }
    }

    [Fact]
    public void What_follows_the_digits_is_left() => Assert.Equal(0x4bf92f3577b34da6UL, Hex.Read16("4bf92f3577b34da6a3ce929d0e0e4736"));
}
