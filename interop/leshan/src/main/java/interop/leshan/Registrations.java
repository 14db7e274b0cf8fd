package interop.leshan;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.EnumSet;
import org.eclipse.leshan.core.link.Link;
import org.eclipse.leshan.core.peer.IpPeer;
import org.eclipse.leshan.core.peer.LwM2mPeer;
import org.eclipse.leshan.core.peer.PskIdentity;
import org.eclipse.leshan.core.request.BindingMode;
import org.eclipse.leshan.core.request.ContentFormat;
import org.eclipse.leshan.server.registration.Registration;

/** A registration as JSON. */
final class Registrations {
    private Registrations() {}

    static ObjectNode describe(Registration registration, ObjectNode into) {
        into.put("endpoint", registration.getEndpoint());
        into.put("registration", registration.getId());
        into.put("lifetime", registration.getLifeTimeInSec());
        into.put("binding", binding(registration.getBindingMode()));
        into.put("queue", registration.usesQueueMode());
        into.put("version", registration.getLwM2mVersion().toString());
        into.set("links", links(registration.getObjectLinks()));
        into.put("root", registration.getRootPath());
        ArrayNode formats = into.putArray("formats");
        for (ContentFormat format : registration.getSupportedContentFormats()) {
            formats.add(format.getCode());
        }
        into.put("address", Addresses.text(registration.getSocketAddress()));
        into.put("psk_identity", pskIdentity(registration.getClientTransportData()));
        return into;
    }

    static String binding(EnumSet<BindingMode> binding) {
        return BindingMode.toString(binding);
    }

    static ArrayNode links(Link[] links) {
        ArrayNode array = Output.JSON.createArrayNode();
        for (Link link : links) {
            array.add(link.toCoreLinkFormat());
        }
        return array;
    }

    /** The identity that the DTLS session proved, or null without one. */
    static String pskIdentity(LwM2mPeer peer) {
        boolean psk = peer instanceof IpPeer ip && ip.isPSK();
        return psk ? ((PskIdentity) peer.getIdentity()).getPskIdentity() : null;
    }
}
