package interop.leshan;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.InetSocketAddress;
import org.eclipse.leshan.core.endpoint.Protocol;

/** Names a bound endpoint for the ready line: prefix, scheme, and {@code 6} for IPv6. */
final class Uris {
    private Uris() {}

    static void put(ObjectNode uris, String prefix, Protocol protocol, InetSocketAddress bound) {
        String scheme = protocol.getUriScheme();
        String name = prefix + scheme + (Addresses.isV6(bound) ? "6" : "");
        uris.put(name, scheme + "://" + Addresses.text(bound));
    }
}
