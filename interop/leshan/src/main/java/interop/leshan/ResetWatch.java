package interop.leshan;

import org.eclipse.californium.core.coap.CoAP.Type;
import org.eclipse.californium.core.coap.EmptyMessage;
import org.eclipse.californium.core.network.interceptors.MessageInterceptorAdapter;

/** Reports each Reset that the server sends: its way to refuse a notification it no longer wants (RFC 7641, 3.6). */
final class ResetWatch extends MessageInterceptorAdapter {
    private final Output output;

    ResetWatch(Output output) {
        this.output = output;
    }

    @Override
    public void sendEmptyMessage(EmptyMessage message) {
        if (message.getType() == Type.RST) {
            output.line(Output.event("reset_sent")
                    .put("mid", message.getMID())
                    .put("address", Addresses.text(message.getDestinationContext().getPeerAddress())));
        }
    }
}
