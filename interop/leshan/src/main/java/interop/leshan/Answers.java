package interop.leshan;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.eclipse.californium.core.coap.Response;
import org.eclipse.leshan.core.link.lwm2m.LwM2mLink;
import org.eclipse.leshan.core.node.LwM2mPath;
import org.eclipse.leshan.core.response.CreateResponse;
import org.eclipse.leshan.core.response.DiscoverResponse;
import org.eclipse.leshan.core.response.LwM2mResponse;
import org.eclipse.leshan.core.response.ReadResponse;
import org.eclipse.leshan.core.util.Hex;

/** A device's response as JSON: what Leshan decoded, and the message that it decoded it from. */
final class Answers {
    private Answers() {}

    /** Code and message, the Location of a Create, the links of a Discover. */
    static void describe(LwM2mResponse response, ObjectNode into) {
        int code = response.getCode().getCode();
        into.put("code", String.format("%d.%02d", code / 100, code % 100));
        if (response.getErrorMessage() != null && !response.getErrorMessage().isEmpty()) {
            into.put("message", response.getErrorMessage());
        }
        if (response.getCoapResponse() instanceof Response coap) {
            message(coap, into);
        }
        if (response instanceof CreateResponse create && create.getLocation() != null) {
            into.put("location", create.getLocation());
        }
        if (response instanceof DiscoverResponse discover && discover.getObjectLinks() != null) {
            ArrayNode links = into.putArray("links");
            for (LwM2mLink link : discover.getObjectLinks()) {
                links.add(link.toCoreLinkFormat());
            }
        }
    }

    /** Message type, Content-Format, payload and Observe number. */
    static void message(Response coap, ObjectNode into) {
        into.put("type", coap.getType().name());
        if (coap.getOptions().hasContentFormat()) {
            into.put("format", coap.getOptions().getContentFormat());
        }
        if (coap.getPayloadSize() > 0) {
            into.put("payload", Hex.encodeHexString(coap.getPayload()));
        }
        if (coap.getOptions().hasObserve()) {
            into.put("observe", coap.getOptions().getObserve());
        }
    }

    /** Code and message, and the values of a Read, Observe or notification of {@code path}. */
    static void describe(LwM2mResponse response, LwM2mPath path, ObjectNode into) {
        describe(response, into);
        if (response instanceof ReadResponse read && read.getContent() != null) {
            into.set("nodes", NodeWriter.leaves(path, read.getContent()));
        }
    }
}
