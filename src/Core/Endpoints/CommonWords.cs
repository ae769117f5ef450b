using System.Collections.Frozen;

namespace Apm.Core.Endpoints;

/// <summary>Words that routes are made of. One of them among values is a route of its own, however rarely it is called.</summary>
static class CommonWords
{
    static readonly FrozenSet<string> Words =
        ("about account accounts action actions activate activity add address addresses admin advanced alerts all analytics answers api apis app apply approve apps archive articles asset assets attachments auth "
        + "authorize avatar balance basket batch billing blog book bookings bulk calendar callback cancel cards cart carts categories category chat check checkout children clear clone close comments companies compare complete config "
        + "confirm connect contact contacts contents copy count create css current customer customers dashboard data default delete delivery deploy details devices diff disable docs documents download downloads draft drafts "
        + "edit email emails enable error errors events export exports faq favicon.ico favorites feed feedback fetch file files filter find flags follow followers following forgot forms friends gallery generate graph graphql groups "
        + "health healthcheck healthz help history home hooks images img import imports inbox index index.html info init inventory invite invites invoice invoices issues items jobs js json keys labels latest legal like likes "
        + "lines links list lists live location locations lock login logout logs mail media members menu merge messages metadata metrics move multi new news next notes notifications notify oauth oauth2 offers open options order orders "
        + "orgs overview owner page pages password patch pause pay payment payments ping policies popular posts preferences preview previous pricing print private products profile profiles projects promotions prices public publish "
        + "purchase query queue random rate ratings read ready readyz recent recover redirect refresh refund refunds register reject related reload remove rename renew reorder replies reply report reports request requests reset "
        + "resolve restart restore results resume retry returns revert reviews revoke robots.txt roles root rss rules run save schedule schema search secrets security select sell send services sessions session set settings setup share "
        + "shipping shipments shop sign-in sign-up signin signup sitemap.xml sizes sso start stats status stock stop store stores stream submit subscribe subscriptions suggest suggestions summary support suspend swagger sync tags tasks team "
        + "teams templates terms test tests threads tickets token tokens top topics total totals track tracking transactions transfer translate trending types unlock unread unsubscribe update updates upload uploads usage user users "
        + "validate variants verify version versions video videos view views votes wallet warehouse webhook webhooks websocket widgets wishlist ws").Split(' ').ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    public static bool Contain(string segment) => Words.Contains(segment);
}
