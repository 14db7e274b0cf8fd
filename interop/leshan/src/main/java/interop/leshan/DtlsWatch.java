package interop.leshan;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.eclipse.californium.scandium.config.DtlsConnectorConfig;
import org.eclipse.californium.scandium.dtls.Handshaker;
import org.eclipse.californium.scandium.dtls.SessionAdapter;

/** Reports DTLS handshakes, whole and failed, of one server's secure endpoints. */
final class DtlsWatch extends SessionAdapter {
    private final Output output;
    private final String server;

    DtlsWatch(Output output, String server) {
        this.output = output;
        this.server = server;
    }

    void install(DtlsConnectorConfig.Builder config) {
        config.setSessionListener(this);
    }

    @Override
    public void handshakeCompleted(Handshaker handshaker) {
        output.line(event("handshake_completed", handshaker));
    }

    @Override
    public void handshakeFailed(Handshaker handshaker, Throwable error) {
        output.line(event("handshake_failed", handshaker).put("error", String.valueOf(error.getMessage())));
    }

    private ObjectNode event(String name, Handshaker handshaker) {
        return Output.event(name)
                .put("server", server)
                .put("address", Addresses.text(handshaker.getPeerAddress()));
    }
}
