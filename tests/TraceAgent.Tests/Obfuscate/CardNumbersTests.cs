using System.Text;
using Apm.TraceAgent.Obfuscate;

namespace Apm.TraceAgent.Tests.Obfuscate;

public class CardNumbersTests
{
    [Theory]
    [InlineData("5105-1051-0510-5100", true)]
    [InlineData("not-a-cc", false)]
    [InlineData("4111111111111111", true)]
    [InlineData(" 4111 1111 1111 1111 ", true)]
    [InlineData("378282246310005", true)]
    [InlineData("123456789012", true)]
    [InlineData("12345678901", false)]
    [InlineData("41111111111111111", false)]
    [InlineData("4111111111111111x", false)]
    [InlineData("3528000000000000", true)]
    [InlineData("3300000000000000", false)]
    [InlineData("3589000000000000", true)]
    [InlineData("222100000000", true)]
    [InlineData("222099000000", false)]
    [InlineData("272099000000", true)]
    [InlineData("272100000000", false)]
    [InlineData("501900000000", true)]
    [InlineData("559999000000", true)]
    [InlineData("599999000000", false)]
    [InlineData("300000000000", true)]
    [InlineData("306000000000", false)]
    [InlineData("309000000000", true)]
    [InlineData("636000000000", true)]
    [InlineData("643000000000", true)]
    [InlineData("700000000000", false)]
    [InlineData("- - - - - - -", false)]
    public void A_card_is_known_by_its_length_and_its_first_digits(string text, bool isCard) =>
        Assert.Equal(isCard, CardNumbers.IsCard(Encoding.UTF8.GetBytes(text), luhn: false));

    [Theory]
    [InlineData("4111111111111111", true)]
    [InlineData("4111111111111112", false)]
    [InlineData("5105105105105100", true)]
    [InlineData("378282246310005", true)]
    public void With_luhn_the_last_digit_must_fit(string text, bool isCard) => Assert.Equal(isCard, CardNumbers.IsCard(Encoding.UTF8.GetBytes(text), luhn: true));

    [Theory]
    [InlineData("""{"time_unix_nano":1764090000000000000,"attributes":{"card":"4111 1111 1111 1111"}}""", true)]
    [InlineData("""{"time_unix_nano":1764090000000000000,"name":"exception 12"}""", false)]
    [InlineData("", false)]
    public void A_long_text_is_only_looked_into_when_it_has_so_many_digits(string text, bool mayContain) =>
        Assert.Equal(mayContain, CardNumbers.MayContain(Encoding.UTF8.GetBytes(text)));
}
